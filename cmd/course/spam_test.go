package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"fortsatt/lessons"
)

// gtube is what every spam filter takes for spam, so that one can be seen to work.
const gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

// Each letter that we ship scores under 2.0 with SpamAssassin, which asks nobody on the
// network here; what is spam scores far over.
func TestNoLetterIsTakenForSpam(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("spamassassin"); err != nil {
		missing(t, "spamassassin")
	}
	library, err := lessons.Load(lessons.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	c := &checked{
		parts: &parts{config: config{environment: environment{BaseURL: "https://attabrev.example"}}, library: library},
		from:  mail.Address{Name: "Åtta brev", Address: "brev@attabrev.example"},
	}
	of := courses(library, 0)[0]
	var mailbox bytes.Buffer
	letters := append(slices.Clone(library.Course(of.ID).Lessons), library.Letters["confirm"])
	for _, l := range letters {
		m, _ := c.compose(of, l, "Åsa", time.Now())
		raw, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&mailbox, "From brev@attabrev.example Tue Nov 24 08:00:00 2026\n%s\n", bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
	}
	fmt.Fprintf(&mailbox, "From x Tue Nov 24 08:00:00 2026\nFrom: x@x.example\nSubject: x\n\n%s\n", gtube)

	scores, told := spamScores(t, mailbox.Bytes())
	if len(scores) != len(letters)+1 || scores[len(letters)] < 1000 {
		t.Fatalf("scores %v, want those of %d letters, and one of spam:\n%s", scores, len(letters), told)
	}
	if worst := scores[len(letters)-1]; worst >= 2 {
		t.Errorf("a letter scores %.1f, want under 2.0:\n%s", worst, told)
	}
}

var spamScore = regexp.MustCompile(`(?m)^X-Spam-Status: .*score=(-?[\d.]+)`)

// spamScores judges a mailbox. The lowest score comes first.
func spamScores(t *testing.T, mailbox []byte) (scores []float64, told []byte) {
	t.Helper()
	cmd := exec.CommandContext(inTime(t), "spamassassin", "--local", "--test-mode", "--nocreate-prefs", "--mbox")
	cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir())
	cmd.Stdin = bytes.NewReader(mailbox)
	told, err := cmd.Output()
	if err != nil {
		t.Fatalf("spamassassin: %v\n%s", err, told)
	}
	for _, found := range spamScore.FindAllSubmatch(told, -1) {
		score, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, score)
	}
	slices.Sort(scores)
	return scores, told
}
