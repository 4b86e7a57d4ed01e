package mailer_test

import (
	"slices"
	"strings"
	"testing"

	"fortsatt/mailer"
)

// firstLine is of the subject, which is folded.
const firstLine = "Subject: =?utf-8?q?Vecka_3=3A_S=C3=A5_fr=C3=A5gar_du_utan_att_vara_till_be?="

// Each spoils a good lesson at one place; that rule tells, and no other.
var spoilt = []struct{ rule, what, old, new string }{
	{"E01", "bare LF in the body", "Hej Anna!\r\n", "Hej Anna!\n"},
	{"E01", "bare CR in the body", "Hej Anna!\r\n", "Hej\rAnna!\r\n"},
	{"E01", "NUL in the body", "Hej Anna!", "Hej\x00Anna!"},
	{"E01", "a line of 999", "Hej Anna!", strings.Repeat("x", 999)},
	{"E01", "bare LF in the header", "bulk\r\n", "bulk\n"},
	{"E01", "raw å in the header", "Redaktionen", "Redaktör Å"},
	{"E01", "unfolded", "Reply-To: Redaktionen", "Reply-To: Redaktionen" + strings.Repeat(" och", 20)},
	{"E01", "a blank line", "Precedence: bulk\r\n", "Precedence: bulk\r\n \r\n"},
	{"E02", "a split character", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=C3?= =?utf-8?q?=A4tt?="},
	{"E02", "in an address", "<redaktion@", "<=?utf-8?q?redaktion?=@"},
	{"E02", "in a quoted string", "Redaktionen", `"=?utf-8?q?Red?="`},
	{"E02", "in the middle of a word", "=?utf-8?q?Forts=C3=A4tt?=", "Kurs-=?utf-8?q?Forts=C3=A4tt?="},
	{"E02", "too long", "=?utf-8?q?Forts=C3=A4tt?=", "\r\n =?utf-8?q?" + strings.Repeat("x", 64) + "?=\r\n"},
	{"E02", "76 octets, and the line 77", "=?utf-8?q?Forts=C3=A4tt?=", "\r\n =?utf-8?q?" + strings.Repeat("x", 63) + "?=\r\n"},
	{"E02", "on a wide line", "=?utf-8?q?Forts=C3=A4tt?= <kurs@example.org>", "=?utf-8?q?" + strings.Repeat("x", 40) + "?= <kurs@example.org>"},
	{"E02", "a split character in the subject", "S=C3=A5_fr", "S=C3_fr"},
	{"E02", "in another charset", "=?utf-8?q?Forts=C3=A4tt?=", "=?iso-8859-1?q?Fortsatt?="},
	{"E02", "a dot in a name", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=C3=A4tt.?="},
	{"E02", "CRLF in a name", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=0D=0A?="},
	{"E02", "never ended", "=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts"},
	{"E02", "in a token", "Precedence: bulk", "Precedence: bulk\r\nAuto-Submitted: =?utf-8?q?no?="},
	{"E03", "no Date", "Date: Tue, 16 Jun 2026 07:30:00 +0200\r\n", ""},
	{"E03", "no MIME-Version", "MIME-Version: 1.0\r\n", ""},
	{"E03", "two of From", "To: =?", "From: <kurs@example.org>\r\nTo: =?"},
	{"E03", "two of a list's", "Precedence:", "list-id: <kurs.example.org>\r\nPrecedence:"},
	{"E03", "two of Reply-To", "Precedence:", "reply-to: <kurs@example.org>\r\nPrecedence:"},
	{"E03", "no field", "Precedence:", "Hej Anna\r\nPrecedence:"},
	{"E04", "another date", "07:30:00", "07:30:01"},
	{"E04", "no date at all", "16 Jun", "16 Juni"},
	{"E04", "another id", "<3f6c1e.vecka-3@", "<3f6c1f.vecka-3@"},
	{"E04", "an id of somebody's", "<3f6c1e.vecka-3@example.org>", "<3f6c1e.vecka-3@host7.internal>"},
	{"E04", "no id", "<3f6c1e.vecka-3@example.org>", "3f6c1e"},
	{"E05", "two senders", "<kurs@example.org>", "<kurs@example.org>, <bo@example.org>"},
	{"E05", "another domain", "<kurs@example.org>", "<kurs@exempel.se>"},
	{"E05", "signed by another", "d=example.org;", "d=example.com;"},
	{"E05", "signed by what is under us", "d=example.org;", "d=kurs.example.org;"},
	{"E05", "signed by all of .org", "d=example.org;", "d=org;"},
	{"E06", "to another", "<anna@example.net>", "<bo@example.net>"},
	{"E06", "to two", "<anna@example.net>", "<anna@example.net>, <bo@example.net>"},
	{"E06", "a copy", "Precedence:", "Cc: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "a blind copy", "Precedence:", "bcc: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "sent on", "Precedence:", "Resent-To: <redaktion@example.org>\r\nPrecedence:"},
	{"E06", "an address in the subject", firstLine, "Subject: bo@example.net"},
	{"E06", "an encoded one in the subject", firstLine, "Subject: =?utf-8?q?=C3=85_bo=40example.net?="},
	{"E06", "an address in another field", "OOF, AutoReply\r\n", "OOF, AutoReply\r\nAuto-Submitted: bo@example.net\r\n"},
	{"E06", "another reader in the HTML", "<p>Hej Anna!", "<p>Hej bo@example.net!"},
	{"E06", "another reader in the text", "Hej Anna!", "Hej bo@example.net!"},
	{"E07", "no subject", firstLine + "\r\n =?utf-8?q?sv=C3=A4r?=", "Subject: =?utf-8?q?_?="},
	{"E07", "151 characters", firstLine, "Subject:" + strings.Repeat("\r\n =?utf-8?q?"+strings.Repeat("x", 49)+"?=", 3)},
	{"E07", "a control character", "Vecka_3=3A_S=C3=A5", "Vecka=07_3"},
	{"E07", "braces", "Vecka_3=3A_S=C3=A5", "Vecka_=7B=7B.W"},
	{"E07", "null", "Vecka_3=3A_", "null=3A_"},
	{"E07", "no value in the text", "Hej Anna!\r\n", "Hej <no value>!\r\n"},
	{"E07", "no value in the HTML", "<p>Hej Anna!</p>", "<p>Hej &lt;no value&gt;!</p>"},
	{"E07", "a complaint of Go's", "Hej Anna!\r\n", "Hej %!s(MISSING)!\r\n"},
	{"E07", "undefined", "Hej Anna!\r\n", "Hej undefined!\r\n"},
	{"E08", "no list", "List-Id: =?utf-8?q?Emotionellt_n=C3=A4tverkande?= <kurs.example.org>\r\n", ""},
	{"E08", "another list", "<kurs.example.org>", "<annan.example.org>"},
	{"E08", "no way out", "List-Unsubscribe: <https://example.org/avsluta/abc>\r\n", ""},
	{"E08", "two ways out", "Unsubscribe: <https://example.org/avsluta/abc>", "Unsubscribe: <https://example.org/avsluta/abc>,\r\n <https://example.org/abc>"},
	{"E08", "no click", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""},
	{"E08", "another click", "=One-Click", "=Two-Clicks"},
	{"E10", "not signed", signatureOf, ""},
	{"E10", "an old algorithm", "a=rsa-sha256", "a=rsa-sha1"},
	{"E10", "only a new one", "a=rsa-sha256", "a=ed25519-sha256"},
	{"E10", "an old one beside", signatureOf, strings.Replace(signatureOf, "sha256", "sha1", 1) + signatureOf},
	{"E10", "part of the body", "c=relaxed/relaxed;", "c=relaxed/relaxed; l=20;"},
	{"E10", "From once", "Post:From;", "Post;"},
	{"E10", "Subject open", "To:Subject:Date", "To:Date"},
	{"E10", "the way out open", "List-Id:List-Unsubscribe:", "List-Id:"},
	{"E10", "no key", "s=2026;", ""},
	{"E12", "no alternatives", "multipart/alternative", "multipart/mixed"},
	{"E12", "HTML first", "Content-Type: text/plain", "Content-Type: text/html"},
	{"E12", "two texts", "Content-Type: text/html", "Content-Type: text/plain"},
	{"E12", "Latin 1", "charset=utf-8", "charset=iso-8859-1"},
	{"E12", "8bit", "Transfer-Encoding: quoted-printable", "Transfer-Encoding: 8bit"},
	{"E12", "a third part", "\r\n--=_9f369e9b0f4b206e00bf95f16920769b--", "\r\n--=_9f369e9b0f4b206e00bf95f16920769b\r\n\r\nHej"},
	{"E12", "raw å", "Hej Anna!", "Hej Åsa!"},
	{"E12", "not UTF-8", "Idag =C3=B6var", "Idag =F6var"},
	{"E12", "twice encoded", "Idag =C3=B6var", "Idag =C3=83=C2=B6var"},
	{"E12", "a wide line", "Hej Anna!\r\n", strings.Repeat("Hej!", 20) + "\r\n"},
	{"E12", "another MIME", "MIME-Version: 1.0", "MIME-Version: 2.0"},
	{"E13", "no way out in the text", "Avsluta: https://example.org/avsluta/abc", "Avsluta: se webben"},
	{"E13", "a link in HTML only", "<p>Hej Anna!</p>", `<p>Hej <a href=3D"https://example.org/x">du</a></p>`},
	{"E14", "too much HTML", "<p>Hej Anna!</p>", strings.Repeat("<p>Hej Anna!</p>\r\n", 6000)},
	{"E14", "no way out in the HTML", `<a href=3D"https://example.org/avsluta/abc">Avsluta</a>`, "Avsluta"},
	{"E14", "a way out without words", ">Avsluta</a>", "></a>"},
	{"E14", "a hidden way out", "<p><a href", "<p hidden><a href"},
	{"E14", "a way out not displayed", "<p><a href", "<p style=3D'display: none'>=\r\n<a href"},
	{"E21", "not bulk", "Precedence: bulk\r\n", ""},
	{"E21", "answers wanted", "OOF, AutoReply", "None"},
	{"E22", "a banner", "Precedence:", "X-Mailer: Brevduva 3\r\nPrecedence:"},
	{"E22", "where it came from", "Precedence:", "Received: from app7.internal\r\nPrecedence:"},
	{"E22", "the reader in a link", "Hej Anna!\r\n", "Hej https://example.org/?to=3Danna%40example.net\r\n"},
	{"E22", "our network in a link", "Hej Anna!\r\n", "Hej http://10.0.0.7/x\r\n"},
}

func TestASpoiltLessonBreaksOneRule(t *testing.T) {
	t.Parallel()
	good := goodLesson(t)
	for _, test := range spoilt {
		bad := strings.Replace(good, test.old, test.new, 1)
		if bad == good {
			t.Errorf("%s %s: %q does not occur in\n%s", test.rule, test.what, test.old, good)
			continue
		}
		found := mailer.Lint([]byte(bad), lessonRules())
		if got := broken(found); !slices.Equal(got, []string{test.rule}) {
			t.Errorf("%s: got %q, want %s alone", test.what, found, test.rule)
		}
		for _, f := range found {
			if advice := f.Rule == "E21" || test.what == "only a new one"; f.Fail == advice {
				t.Errorf("%s: fails %t", f, f.Fail)
			}
			if strings.Contains(f.Text, "anna@") || strings.Contains(f.Text, "bo@") {
				t.Errorf("%s: names a reader", f)
			}
		}
	}
}
