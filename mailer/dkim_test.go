package mailer_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fortsatt/mailer"
)

// signed is Anna's third letter, signed twice. It is dated in the past, whatever year it
// is: dkimpy refuses signatures from the future.
func signed(tb testing.TB, change func(*mailer.Message)) []byte {
	tb.Helper()
	m := lesson()
	m.Date = time.Date(2024, time.June, 18, 7, 30, 0, 0, time.FixedZone("CEST", 2*60*60))
	m.Signer = signer(tb, "example.org")
	if change != nil {
		change(&m)
	}
	raw, err := m.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func confirm(m *mailer.Message) { m.List, m.ReplyTo = nil, mail.Address{} }

func TestSignaturesHold(t *testing.T) {
	t.Parallel()
	const idn = "xn--rksmrgs-5wao1o.example"
	long := strings.Repeat("langt-namn.", 20) + "example"
	letters := map[string][]byte{
		"lesson":  signed(t, nil),
		"confirm": signed(t, confirm),
		"Åsa": signed(t, func(m *mailer.Message) {
			m.To = mail.Address{Name: "Åsa Öberg", Address: "asa@räksmörgås.example"}
			m.Subject = "Åsa, " + strings.Repeat("så frågar du utan att vara till besvär ", 3)
		}),
		"emoji":          signed(t, func(m *mailer.Message) { m.To.Name = strings.Repeat("🎈", 60) }),
		"blanks":         signed(t, func(m *mailer.Message) { m.Subject = "två  blanka  här "; m.To.Name = "  " }),
		"long list name": signed(t, func(m *mailer.Message) { m.List.Name = strings.Repeat("Emotionellt nätverkande ", 40) }),
		"long words":     signed(t, func(m *mailer.Message) { m.Subject = strings.Repeat("x", 500) }),
		"one line":       signed(t, func(m *mailer.Message) { m.Text, m.HTML = pieces("a"), pieces("b") }),
		"empty lines":    signed(t, func(m *mailer.Message) { m.Text, m.HTML = pieces("a\n\n \n\n"), pieces("b\n\n\n") }),
		"below":          signed(t, func(m *mailer.Message) { m.From.Address = "kurs@brev.example.org" }),
		"IDN": signed(t, func(m *mailer.Message) {
			m.From.Address, m.Signer = "kurs@Räksmörgås.example", signer(t, "räksmörgås.example")
		}),
		"long domain": signed(t, func(m *mailer.Message) {
			m.From.Address, m.Signer = "kurs@"+long, signer(t, long)
		}),
		"1970": signed(t, func(m *mailer.Message) { m.Date = time.Unix(1, 0).UTC() }),
	}
	records := published(t, "example.org")
	maps.Copy(records, published(t, idn))
	maps.Copy(records, published(t, long))
	var names []string
	var raws [][]byte
	for name, raw := range letters {
		names, raws = append(names, name), append(raws, raw)
		if good := msgauth(records, raw); good != 2 {
		}
		if faults := wireFaults(raw); faults != nil {
			t.Errorf("%s: %q", name, faults)
		}
	}
	for i, good := range dkimpy(t, records, raws) {
		if good != 2 {
			t.Errorf("%s: dkimpy accepts %d signatures, want 2:\n%s", names[i], good, raws[i])
		}
	}
}

// Whatever people write, it can be signed.
func TestSignaturesHoldForAnyText(t *testing.T) {
	t.Parallel()
	records := published(t, "example.org")
	rapid.Check(t, func(r *rapid.T) {
		m := lesson()
		m.Signer = signer(t, "example.org")
		m.To.Name, m.List.Name = rapid.String().Draw(r, "name"), rapid.String().Draw(r, "list")
		m.Subject = rapid.String().Draw(r, "subject")
		m.Text, m.HTML = pieces(rapid.String().Draw(r, "text")+"\n"), pieces("a ", rapid.String().Draw(r, "HTML"))
		raw, err := m.Bytes()
		if err != nil {
			r.Skip(err) // what cannot be sent, signed or not
		}
		if good := msgauth(records, raw); good != 2 {
			r.Fatalf("go-msgauth accepts %d signatures, want 2:\n%s", good, raw)
		}
	})
}

// E10 of the rules for letters: what a signature must cover and say, whether the letter
// has the field or not.
func TestWhatASignatureCovers(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*mailer.Message){nil, confirm} {
		raw := signed(t, change)
		fields := strings.Split(strings.ReplaceAll(string(raw), "\r\n ", " "), "\r\n")
		for i, algorithm := range []string{"rsa-sha256", "ed25519-sha256"} {
			name, value, _ := strings.Cut(fields[i], ":")
			tags := map[string]string{}
			for tag := range strings.SplitSeq(value, ";") {
				key, value, _ := strings.Cut(strings.TrimSpace(tag), "=")
				tags[key] = strings.ReplaceAll(value, " ", "")
			}
			if _, has := tags["l"]; has || name != "DKIM-Signature" || tags["a"] != algorithm || tags["d"] != "example.org" || tags["t"] != "1718688600" {
				t.Errorf("signature %d is %s", i+1, fields[i])
			}
			covered := map[string]int{}
			for name := range strings.SplitSeq(tags["h"], ":") {
				covered[name]++
			}
			for _, name := range mustBeSigned {
				if covered[name] != 2 {
					t.Errorf("%s: names %s %d times, want 2: its own and one that nobody may add", algorithm, name, covered[name])
				}
			}
		}
	}
}

var mustBeSigned = []string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// A signature has no time but the letter's: a letter signed by many at once, and again
// after a restart, is one letter.
func TestASignedLetterIsTheSameTwice(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.Signer = signer(t, "example.org")
	first, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			other := m
			other.To.Name = fmt.Sprint("Bo ", i)
			if _, err := other.Bytes(); err != nil {
				t.Error(err)
			}
			again := m
			again.Signer = signer(t, "example.org")
			if i%2 == 0 {
				again.Signer = m.Signer
			}
			if raw, err := again.Bytes(); err != nil || !bytes.Equal(raw, first) {
				t.Errorf("got error %v, or other bytes than the first time", err)
			}
		})
	}
	all.Wait()
}

// One buffer serves letter after letter; what stands in it already stays.
func TestASignedLetterIsAppended(t *testing.T) {
	t.Parallel()
	m := lesson()
	m.Signer = signer(t, "example.org")
	want, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	buffer := bytes.Repeat([]byte("before"), 3)
	for range 2 {
		got, err := m.Append(buffer)
		if err != nil || string(got) != "beforebeforebefore"+string(want) {
			t.Errorf("got %q (%v), want the letter behind what stood there", got, err)
		}
		buffer = got[:len(buffer)]
	}
}
