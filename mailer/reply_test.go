package mailer_test

import (
	"strings"
	"testing"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

func TestQueueIDs(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"250 2.0.0 Ok: queued as 4Xy1Zq2wV3z9":                                      "4Xy1Zq2wV3z9",
		"250 OK id=1rQk3X-0004fY-2d":                                                "1rQk3X-0004fY-2d",
		"250 2.0.0 8c2f1a90 Message accepted for delivery":                          "8c2f1a90",
		"250 2.0.0 41BCxyz12345 Message accepted for delivery":                      "41BCxyz12345",
		"250 Ok 0102018d3c1f2a4b-7f3e9c11-aaaa-bbbb-cccc-000000000000-000000":       "0102018d3c1f2a4b-7f3e9c11-aaaa-bbbb-cccc-000000000000-000000",
		"250 2.0.0 OK  1718515800 ffacd0b85a97d-36075104b2bsi5.7 - gsmtp":           "ffacd0b85a97d-36075104b2bsi5.7",
		"250 ok 1718515800 qp 12345":                                                "12345",
		"250 2.6.0 <a@b> [InternalId=4715, Hostname=x.example] Queued for delivery": "4715",
		"250-first\r\n250 2.0.0 Ok: queued as ABC":                                  "ABC",
		"250 Message Queued (D1B2-33.1)":                                            "D1B2-33.1",
		"250 Great success":                                                         "",
		"250 ok":                                                                    "",
	} {
		s := relaytest.New(t, at(relaytest.Dot, relaytest.Action{Reply: reply}))
		got, err := send(t.Context(), dial(t, s, quick(s)), anna)
		if err != nil || got.QueueID != want {
			t.Errorf("%q: got queue id %q (%v), want %q", reply, got.QueueID, err, want)
		}
	}
}

func TestRepliesAreOneCleanLine(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]mailer.Reply{
		"550-5.1.1 The account\r\n550-5.1.1 does not exist.\r\n550 5.1.1 See there": {Code: 550, Enhanced: "5.1.1", Text: "The account does not exist. See there"},
		"550-5.1.1 unknown\r\n550 5.7.1 rejected":                                   {Code: 550, Enhanced: "5.1.1", Text: "unknown rejected"},
		"550 5.7.515 Access denied":                                                 {Code: 550, Enhanced: "5.7.515", Text: "Access denied"},
		"550 4.2.2 full":                                                            {Code: 550, Text: "full"},
		"550 no such user 5.1.1":                                                    {Code: 550, Text: "no such user 5.1.1"},
		"450":                                                                       {Code: 450},
		"550 5.1.1":                                                                 {Code: 550, Enhanced: "5.1.1"},
		"550 a\x1b[31mb\x00c\xff\u202ed\u2028":                                      {Code: 550, Text: "a[31mbc?d"},
		"550 " + strings.Repeat("x", 600):                                           {Code: 550, Text: strings.Repeat("x", 500)},
		"550 " + strings.Repeat("å", 600):                                           {Code: 550, Text: strings.Repeat("å", 500)},
	} {
		if len(reply) == 3 {
			reply += " "
		}
		s := relaytest.New(t, at(relaytest.Rcpt, relaytest.Action{Reply: reply}))
		_, err := send(t.Context(), dial(t, s, quick(s)), anna)
		if got := expect(t, err, mailer.Rcpt, want.Code, false).Reply; got != want {
			t.Errorf("%q: got %+v, want %+v", reply, got, want)
		}
	}
}
