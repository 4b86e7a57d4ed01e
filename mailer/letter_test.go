package mailer_test

import (
	"net/mail"
	"strings"
	"time"

	"fortsatt/mailer"
)

// pieces encodes a text piece by piece.
func pieces(texts ...string) (encoded []mailer.Piece) {
	for _, text := range texts {
		encoded = append(encoded, mailer.Encode(text))
	}
	return encoded
}

var lessonText = "Hej Anna!\n\nIdag övar vi på att fråga.\n" +
	".\n.. en rad som börjar med punkt\n\n" +
	strings.Repeat("En mycket lång rad om å, ä och ö. ", 12) + "\n\nAvsluta: https://example.org/avsluta/abc\n"

const lessonHTML = "<!doctype html>\n<html lang=\"sv\"><title>Vecka 3</title>\n<p>Hej Anna!</p>\n" +
	"<p>Idag övar vi på att fråga.</p>\n<p><a href=\"https://example.org/avsluta/abc\">Avsluta</a></p></html>\n"

// lesson is Anna's third letter, on a Tuesday morning in Swedish summer time.
func lesson() mailer.Message {
	return mailer.Message{
		From:      mail.Address{Name: "Fortsätt", Address: "kurs@example.org"},
		ReplyTo:   mail.Address{Name: "Redaktionen", Address: "redaktion@example.org"},
		To:        mail.Address{Name: "Anna Åberg", Address: "anna@example.net"},
		Subject:   "Vecka 3: Så frågar du utan att vara till besvär",
		Date:      time.Date(2026, time.June, 16, 7, 30, 0, 0, time.FixedZone("CEST", 2*60*60)),
		MessageID: "3f6c1e.vecka-3@example.org",
		Text:      pieces(lessonText),
		HTML:      pieces(lessonHTML),
		List: &mailer.List{
			ID:          "kurs.example.org",
			Name:        "Emotionellt nätverkande",
			Unsubscribe: "https://example.org/avsluta/abc",
		},
	}
}
