package mailer_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"fortsatt/mailer"
)

// Two verifiers that share no code with the signer, and none with each other.

// keys are made once for all tests: RSA takes its time.
var keys = sync.OnceValue(func() []mailer.Key {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return []mailer.Key{{Selector: "rsa2026", Private: rsaKey}, {Selector: "ed2026", Private: edKey}}
})

// signer signs with both.
func signer(tb testing.TB, domain string) *mailer.Signer {
	tb.Helper()
	s, err := mailer.NewSigner(domain, keys()...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// published is what a domain's name servers answer.
func published(tb testing.TB, domain string) map[string]string {
	tb.Helper()
	records := map[string]string{}
	for _, k := range keys() {
		record, err := k.Record()
		if err != nil {
			tb.Fatal(err)
		}
		records[k.Host(domain)] = record
	}
	return records
}

// msgauth says how many signatures of a letter hold for go-msgauth.
func msgauth(records map[string]string, raw []byte) (good int) {
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(host string) ([]string, error) {
		if record, ok := records[host]; ok {
			return []string{record}, nil
		}
		return nil, errors.New("no such name")
	}})
	if err != nil {
		return 0
	}
	for _, v := range found {
		if v.Err == nil {
			good++
		}
	}
	return good
}

// dkimpy says the same of many letters, as dkimpy sees it.
func dkimpy(t *testing.T, records map[string]string, letters [][]byte) (good []int) {
	t.Helper()
	task, err := json.Marshal(map[string]any{"records": records, "letters": letters})
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), pythonWith(t, "dkim", "nacl"), "testdata/verify.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(task), &complaint
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("dkimpy: %v: %s", err, &complaint)
	}
	if err := json.Unmarshal(answer, &good); err != nil || len(good) != len(letters) {
		t.Fatalf("dkimpy answers %s (%v) of %d letters", answer, err, len(letters))
	}
	return good
}

// pythonWith finds a Python that has these modules: Debian's own, where another one
// comes first in PATH.
func pythonWith(t *testing.T, modules ...string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		script := "import importlib, sys; [importlib.import_module(m) for m in sys.argv[1:]]"
		if exec.CommandContext(t.Context(), python, append([]string{"-c", script}, modules...)...).Run() == nil {
			return python
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no Python with %v; Debian: python3-dkim, python3-nacl", modules)
	}
	t.Skipf("no Python with %v; Debian: python3-dkim, python3-nacl", modules)
	return ""
}
