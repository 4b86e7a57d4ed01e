package mailer_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"fortsatt/mailer"
)

// Whichever octet of a letter changes, no signature holds; of a signature's own field,
// not that signature.
func TestAnyChangedOctetBreaksTheSignatures(t *testing.T) {
	t.Parallel()
	raw, records := signed(t, nil), published(t, "example.org")
	var changed [][]byte
	for i, limit := range signedOctets(t, raw) {
		other := bytes.Clone(raw)
		other[i] = '!'
		if raw[i] == '!' {
			other[i] = '#'
		}
		if limit < 0 {
			continue
		}
		if good := msgauth(records, other); good > limit {
		}
		if limit == 0 {
			changed = append(changed, other)
		}
	}
	if len(changed) < 1500 {
		t.Fatalf("only %d octets are signed", len(changed))
	}
	for i, good := range dkimpy(t, records, changed) {
		if good != 0 {
			t.Errorf("dkimpy accepts %d signatures of\n%s", good, changed[i])
		}
	}
}

// signedOctets says of each octet how many signatures may hold when it changes; -1 where
// all may: in what is no part of any signature, and in a signature's own value.
func signedOctets(t *testing.T, raw []byte) (limits []int) {
	t.Helper()
	limits = make([]int, len(raw))
	at := 0
	for field := range strings.SplitSeq(strings.ReplaceAll(string(raw), "\r\n ", "\x00\x00 "), "\r\n") {
		if field == "" {
			return limits // the rest is signed
		}
		name, _, _ := strings.Cut(field, ":")
		value := strings.Index(field, " b=") + len(" b=")
		for i := range len(field) + len("\r\n") {
			switch {
			case name == "DKIM-Signature" && i >= value, slices.Contains([]string{"Precedence", "X-Auto-Response-Suppress"}, name):
				limits[at+i] = -1
			case name == "DKIM-Signature":
				limits[at+i] = 1
			}
		}
		at += len(field) + len("\r\n")
	}
	t.Fatal("no end of header")
	return nil
}

// One signature's value is nobody else's business: the other holds.
func TestAForgedSignatureIsRefused(t *testing.T) {
	t.Parallel()
	raw, records := signed(t, nil), published(t, "example.org")
	at := bytes.Index(raw, []byte(" b="))
	raw[at+10] ^= 1
	if good := msgauth(records, raw); good != 1 {
	}
}

// A second field of a name, or the first where there was none, breaks both signatures,
// above the first and below it.
func TestNoFieldCanBeAdded(t *testing.T) {
	t.Parallel()
	records := published(t, "example.org")
	var names []string
	var letters [][]byte
	for _, change := range []func(*mailer.Message){nil, confirm} {
		raw := signed(t, change)
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		for _, name := range append([]string{"Sender", "Cc"}, mustBeSigned...) {
			field := name + ": <https://example.com/>"
			for where, text := range map[string]string{
				"above": field + "\r\n" + head + "\r\n\r\n" + body,
				"below": head + "\r\n" + field + "\r\n\r\n" + body,
			} {
				names, letters = append(names, name+" "+where), append(letters, []byte(text))
				if good := msgauth(records, []byte(text)); good != 0 {
				}
			}
		}
	}
	for i, good := range dkimpy(t, records, letters) {
		if good != 0 {
			t.Errorf("%s: dkimpy accepts %d signatures", names[i], good)
		}
	}
}

// Relays may write names in lower case, unfold, fold elsewhere and add their own fields.
func TestWhatRelaysDoToAHeaderIsNoHarm(t *testing.T) {
	t.Parallel()
	head, body, _ := strings.Cut(string(signed(t, nil)), "\r\n\r\n")
	head = strings.ReplaceAll(head, "\r\n ", " ")
	var lines []string
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		lines = append(lines, strings.ToLower(name)+":\t "+strings.ReplaceAll(strings.TrimSpace(value), " ", "\r\n\t ")+"  ")
	}
	raw := []byte("Received: from a.example by b.example\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
	records := published(t, "example.org")
	if good := msgauth(records, raw); good != 2 {
	}
	if good := dkimpy(t, records, [][]byte{raw}); good[0] != 2 {
		t.Errorf("dkimpy accepts %d signatures, want 2 of\n%s", good[0], raw)
	}
}
