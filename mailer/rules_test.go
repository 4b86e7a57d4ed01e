package mailer_test

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// wireFaults holds the raw bytes of a letter against the rules for the wire, without any
// mail library between: line ends, widths, encoded words, number of fields, parts.
func wireFaults(raw []byte) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return []string{"no end of header"}
	}
	whole := strings.ReplaceAll(string(raw), "\r\n", "")
	if strings.ContainsAny(whole, "\r\n\x00") || !bytes.HasSuffix(raw, []byte("\r\n")) {
		fault("a bare CR, LF or NUL, or no last CRLF")
	}
	for _, line := range strings.Split(string(raw), "\r\n") {
		if len(line) > 998 {
			fault("a line of %d", len(line))
		}
		for _, octet := range []byte(line) {
			if octet > '~' || octet < ' ' && octet != '\t' {
				fault("octet %#x in %q", octet, line)
			}
		}
	}
	lines := strings.Split(string(head), "\r\n")
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		if i+1 < len(lines) && value == "" && lines[i+1][0] == ' ' && len(name+":"+lines[i+1]) <= 76 {
			fault("needlessly folded: %q", line)
		}
		if len(line) > 76 && strings.Contains(strings.TrimSpace(line), " ") {
			fault("unfolded: %q", line)
		}
		if strings.TrimSpace(line) == "" {
			fault("a blank line in the header")
		}
	}
	for _, field := range strings.Split(strings.ReplaceAll(string(head), "\r\n ", " "), "\r\n") {
		faults = append(faults, wordFaults(field)...)
	}
	faults = append(faults, fieldFaults(string(head))...)
	return append(faults, partFaults(string(head), string(body))...)
}

var (
	encodedWord = regexp.MustCompile(`=\?[^?\s]*\?[^?\s]*\?[^?\s]*\?=`)
	shielded    = regexp.MustCompile(`<[^>]*>|"(\\.|[^"\\])*"`)
)

func wordFaults(field string) (faults []string) {
	for _, word := range encodedWord.FindAllString(field, -1) {
		text, err := new(mime.WordDecoder).Decode(word)
		if err != nil || len(word) > 75 || !utf8.ValidString(text) {
			faults = append(faults, fmt.Sprintf("encoded word %q", word))
		}
	}
	if strings.HasPrefix(field, "Subject:") {
		return faults // quotes and brackets mean nothing there
	}
	for _, part := range shielded.FindAllString(field, -1) {
		if strings.Contains(part, "=?") {
			faults = append(faults, fmt.Sprintf("encoded word within %q", part))
		}
	}
	return faults
}

func fieldNames(head string) map[string]int {
	names := map[string]int{}
	for _, line := range strings.Split(head, "\r\n") {
		if line != "" && line[0] != ' ' && line[0] != '\t' {
			name, _, _ := strings.Cut(line, ":")
			names[name]++
		}
	}
	return names
}

func fieldFaults(head string) (faults []string) {
	names := fieldNames(head)
	for _, name := range []string{"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"} {
		if names[name] != 1 {
			faults = append(faults, fmt.Sprintf("%d %s", names[name], name))
		}
	}
	for name, n := range names {
		if n > 1 && name != "DKIM-Signature" {
			faults = append(faults, fmt.Sprintf("%d %s", n, name))
		}
	}
	return faults
}

var boundaryParameter = regexp.MustCompile(`boundary="([^"]+)"`)

func partFaults(head, body string) (faults []string) {
	found := boundaryParameter.FindStringSubmatch(head)
	if found == nil {
		return []string{"no boundary"}
	}
	parts := strings.Split("\r\n"+body, "\r\n--"+found[1])
	if len(parts) != 4 || parts[3] != "--\r\n" || strings.Count(body, found[1]) != 3 {
		return []string{fmt.Sprintf("%d parts", len(parts)-2)}
	}
	for i, mediaType := range []string{"text/plain", "text/html"} {
		want := "\r\nContent-Type: " + mediaType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		if !strings.HasPrefix(parts[i+1], want) {
			faults = append(faults, "part "+mediaType)
		}
		for _, line := range strings.Split(parts[i+1], "\r\n") {
			if len(line) > 76 {
				faults = append(faults, fmt.Sprintf("quoted-printable line of %d", len(line)))
			}
		}
	}
	return faults
}

// The rules must be able to say no.
func TestRulesFindFaults(t *testing.T) {
	t.Parallel()
	good, err := lesson().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if faults := wireFaults(good); faults != nil {
		t.Fatalf("faults in a good letter: %q", faults)
	}
	for name, spoil := range map[string][2]string{
		"bare LF":           {"Hej Anna!\r\n", "Hej Anna!\n"},
		"second From":       {"To: ", "From: <b@example.org>\r\nTo: "},
		"no Date":           {"Date: ", "X-Date: "},
		"raw å":             {"MIME-Version: 1.0", "MIME-Version: 1.0 å"},
		"split character":   {"=?utf-8?q?Forts=C3=A4tt?=", "=?utf-8?q?Forts=C3?= =?utf-8?q?=A4tt?="},
		"word in an adress": {"<kurs@example.org>", "<=?utf-8?q?kurs?=@example.org>"},
		"HTML first":        {"text/plain", "text/html"},
		"folded for naught": {"MIME-Version: 1.0", "MIME-Version:\r\n 1.0"},
	} {
		bad := bytes.Replace(good, []byte(spoil[0]), []byte(spoil[1]), 1)
		if bytes.Equal(bad, good) {
			t.Errorf("%s: %q does not occur", name, spoil[0])
		} else if wireFaults(bad) == nil {
			t.Errorf("%s: not found", name)
		}
	}
}
