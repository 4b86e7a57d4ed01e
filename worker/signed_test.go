package worker_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"fortsatt/course"
	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
	"fortsatt/worker"
)

var signingKeys = sync.OnceValue(func() []mailer.Key {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return []mailer.Key{{Selector: "rsa", Private: rsaKey}, newKey("ed")}
})

func newKey(selector string) mailer.Key {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return mailer.Key{Selector: selector, Private: key}
}

// signing is how a worker is set up that has these keys, as after each start.
func (st *story) signing(keys ...mailer.Key) func(*worker.Options) {
	st.Helper()
	signer, err := mailer.NewSigner("atta.example", keys...)
	st.must(err)
	return func(o *worker.Options) { o.Signer = signer }
}

// verifies checks that a letter bears a good signature by each of the keys, made at
// the time that its Date tells.
func (st *story) verifies(l relaytest.Letter, keys ...mailer.Key) {
	st.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(l.Bytes), &dkim.VerifyOptions{LookupTXT: func(host string) ([]string, error) {
		for _, k := range keys {
			if host == k.Host("atta.example") {
				record, err := k.Record()
				return []string{record}, err
			}
		}
		return nil, errors.New("no such name")
	}})
	if err != nil || len(found) != len(keys) {
		st.Fatalf("%d signatures, %v, want %d of\n%s", len(found), err, len(keys), l.Bytes)
	}
	date, err := read(st, l).Date()
	st.must(err)
	for _, v := range found {
		if v.Err != nil || !v.Time.Equal(date) || v.Domain != "atta.example" {
			st.Errorf("signed by %s at %s: %v; want atta.example at %s:\n%s", v.Domain, v.Time, v.Err, date, l.Bytes)
		}
	}
}

// Eva asks to join, and lesson 1 goes to people of all kinds of names: every letter
// reaches the relay as it was signed.
func TestLettersVerifyWhereTheyArrive(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.must(st.Subscribe(st.ctx, st.clock.Now(), course.SignUp{Email: "eva@exempel.se", Form: "/anmalan", Access: "ord", IP: netip.MustParseAddr("192.0.2.7")}))
	for email, name := range map[string]string{
		"a@exempel.se": "", "b@exempel.se": "Åsa", "c@exempel.se": "O'Neill <b>", "d@exempel.se": strings.Repeat("🌻", 60), "e@räksmörgås.example": ".",
	} {
		address, err := course.ParseAddress(email)
		st.must(err)
		st.enrolled(st.clock.Now(), course.Person{Address: address, Name: name})
	}
	st.starts(st.worker(st.signing(signingKeys()...), relay))
	st.took(relay, 6)
	for _, l := range relay.Accepted() {
		st.verifies(l, signingKeys()...)
	}
}

// The reply to Bo's letter is lost, and the worker is started anew. A quarter of an
// hour later the new process sends the copy: the same to the byte, signatures too.
func TestASecondCopyIsSignedAsTheFirst(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	stop := st.starts(st.worker(st.signing(signingKeys()...), relay))
	st.becomes(bo, "uncertain")
	stop()
	relay.follows(nil)
	st.starts(st.worker(st.signing(signingKeys()...), relay))
	st.passes(course.Quarantine)
	st.becomes(bo, "accepted")
	copies := relay.Received()
	if len(copies) != 2 || !bytes.Equal(copies[0].Bytes, copies[1].Bytes) {
		t.Fatalf("the relay has %d copies, or they differ", len(copies))
	}
	st.verifies(copies[1], signingKeys()...)
}

// Meanwhile the key has been changed: what would be sent now is not what was.
func TestALetterOfAnOlderKeyIsNotRepeated(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(bo)
	relay := st.relay(whenever(relaytest.Dot, relaytest.Action{Drop: true}))
	stop := st.starts(st.worker(st.signing(newKey("ed")), relay))
	st.becomes(bo, "uncertain")
	stop()
	relay.follows(nil)
	st.starts(st.worker(st.signing(newKey("ed")), relay))
	st.passes(course.Quarantine)
	st.becomes(bo, "parked")
	if got := st.newest(bo); got.Reason != "cannot be repeated exactly" || len(relay.Received()) != 1 {
		t.Errorf("Bo's letter is %+v, and the relay has %d copies", got, len(relay.Received()))
	}
}
