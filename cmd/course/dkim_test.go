package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

var (
	zoneLine = regexp.MustCompile(`(?m)^(\S+)\. IN TXT \(((?:\s+"[^"\n]{1,255}")+) \)$`)
	zoneText = regexp.MustCompile(`"([^"]*)"`)
	inAForm  = regexp.MustCompile(`(?m)^name:  (.*)\nvalue: (.*)$`)
	inTheEnv = regexp.MustCompile(`(?m)^COURSE_DKIM_(KEY|SELECTOR|DOMAIN)=(.*)$`)
)

// An operator makes two keys, publishes what she is shown and sets what she is told; the
// letters that go out then are signed twice, and verify.
func TestKeysThatWereMadeSignLetters(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.env = append(h.env, "COURSE_FROM=Åtta brev <brev@brev.example.se>", "COURSE_DKIM_DOMAIN=example.se")
	dir := t.TempDir()
	records, settings := map[string]string{}, map[string][]string{}
	for _, kind := range [][]string{nil, {"--ed25519"}} {
		said := h.course(append([]string{"dkim", "keygen", "--out", dir}, kind...)...)
		zone, form := zoneLine.FindStringSubmatch(said), inAForm.FindStringSubmatch(said)
		if zone == nil || form == nil {
			t.Fatalf("no record in\n%s", said)
		}
		record := ""
		for _, text := range zoneText.FindAllStringSubmatch(zone[2], -1) {
			record += text[1]
		}
		if zone[1] != form[1] || record != form[2] {
			t.Errorf("a zone file gets %s %q, a form %s %q", zone[1], record, form[1], form[2])
		}
		records[zone[1]] = record
		for _, s := range inTheEnv.FindAllStringSubmatch(said, -1) {
			settings[s[1]] = append(settings[s[1]], s[2])
		}
	}
	h.env = append(h.env, "COURSE_DKIM_KEY="+strings.Join(settings["KEY"], ","), "COURSE_DKIM_SELECTOR="+strings.Join(settings["SELECTOR"], ","))
	h.course("lessons", "test", "--week", "1", "--to", "anna@example.se")

	letter := h.relay.Accepted()[0].Bytes
	found, err := dkim.VerifyWithOptions(bytes.NewReader(letter), &dkim.VerifyOptions{LookupTXT: func(host string) ([]string, error) {
		if record, ok := records[host]; ok {
			return []string{record}, nil
		}
		return nil, errors.New("no such name")
	}})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d signatures, %v, want 2 of\n%s", len(found), err, letter)
	}
	for _, v := range found {
		if v.Err != nil || v.Domain != "example.se" {
			t.Errorf("signature by %s: %v", v.Domain, v.Err)
		}
	}
}
