package main

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fortsatt/course"
	"fortsatt/mailer/relaytest"
)

const canary = "kanariefagel@example.se"

// One person goes through everything on a machine of our own, with a relay that
// quotes the address in each answer, and is erased. After that neither what was
// logged nor any file that we wrote knows the address; nor does what Postgres says.
// Postgres' own files are its own: rows that are gone lie there until it clears up.
func TestP6NeitherLogNorFileKeepsAnAddress(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "fortsatt-privacy-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // as root, Postgres runs as another user
		t.Fatal(err)
	}
	h := houseAt(t, "", func(e relaytest.Event) relaytest.Action {
		if e.Stage == relaytest.Dot {
			return relaytest.Action{Reply: "250 2.0.0 taken for <" + canary + ">"}
		}
		return relaytest.Action{}
	})
	h.env = append(h.env, "COURSE_DATA_DIR="+dir+"/data", "COURSE_PG_BIN="+os.Getenv("COURSE_PG_BIN"), "COURSE_SECRET=")
	h.course("migrate")
	worker := h.start("worker")
	worker.says(`(?s).`) // it runs, or says why not
	h.people(canary)
	if err := h.relay.Wait(inTime(t), 1); err != nil {
		t.Fatal(err)
	}
	if out, err := h.bounce([]byte(strings.ReplaceAll(aBounce, "\n", "\r\n")), "--recipient="+h.sentTo(canary)); err != nil || !strings.Contains(out, "hard") {
		t.Fatalf("the bounce gave %q, %v", out, err)
	}
	if out := h.course("subscribers", "export", canary); strings.Count(out, canary) < 4 {
		t.Fatalf("the address stands too seldom in what there is to erase:\n%s", out)
	}

	var said bytes.Buffer
	erase := exec.CommandContext(inTime(t), h.program, "subscribers", "erase", canary)
	erase.Env, erase.Stdout, erase.Stderr = h.settings(), &said, &said
	if err := erase.Run(); err != nil {
		t.Fatalf("erase: %v\n%s", err, &said)
	}
	worker.stop(syscall.SIGTERM)
	said.WriteString(worker.said.text())
	if strings.Contains(strings.ToLower(said.String()), "kanarie") {
		t.Errorf("it is told:\n%s", &said)
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "data" && path != dir+"/data" {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(text), []byte("kanarie")) {
			t.Errorf("%s keeps the address", path)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

const aBounce = `From: MAILER-DAEMON@mx.example.net
To: <>
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="grans"

--grans
Content-Type: text/plain

<` + canary + `> is nobody here
--grans
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ` + canary + `
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <` + canary + `> is nobody here

--grans--
`

// The secret is changed as an operator does it: the new one set before the old
// one, everything started anew; then the old one taken away.
func TestP7ASecretIsChangedByAnOperator(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.people("anna@example.se", "bo@example.se")
	h.course("suppressions", "add", "bo@example.se", "--reason", "complaint")
	h.course("subscribers", "erase", "bo@example.se")
	h.course("send", "--week", "1")
	old := h.sentTo("anna@example.se")
	token := h.leaveToken("anna@example.se", secret)

	const newer = "hemligt-a newer secret of 32 characters or more"
	h.env = append(h.env, "COURSE_SECRET="+newer+","+secret)
	h.course("status")
	if !h.opens(token, newer, secret) {
		t.Error("an old link does not work while its secret is listed")
	}
	h.env = append(h.env, "COURSE_SECRET="+newer)
	if shown := h.course("suppressions", "list"); !strings.Contains(shown, "complaint") {
		t.Errorf("suppressed are only %q", shown)
	}
	h.people("bo@example.se") // is passed over still
	if n := h.count(`select count(*) from subscribers where email = 'bo@example.se'`); n != 0 {
		t.Error("who complained is imported after the secret was changed")
	}
	if h.opens(token, newer) {
		t.Error("an old link works without its secret")
	}
	if out, err := h.bounce([]byte("Subject: x\r\n\r\nx\r\n"), "--recipient="+old); err != nil || !strings.Contains(out, "no letter of ours") {
		t.Errorf("an old envelope sender gives %q, %v", out, err)
	}
	if shown := h.course("config"); !strings.Contains(shown, "links in letters") {
		t.Errorf("course config does not say what hangs on an old secret:\n%s", shown)
	}
}

// store is the ledger as a process with these secrets has it.
func (h *house) store(secrets ...string) *course.Store {
	h.t.Helper()
	store, err := course.Open(context.Background(), course.Options{DSN: h.dsn, Secrets: secrets})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { store.Close() })
	return store
}

// leaveToken is in the last link of somebody's newest letter.
func (h *house) leaveToken(email, secret string) string {
	h.t.Helper()
	db := h.open()
	defer db.Close()
	var d course.DeliveryKey
	err := db.QueryRow(`
		select d.subscriber_id, d.id from deliveries d join subscribers s on s.id = subscriber_id
		where s.email = $1 order by planned_at desc limit 1`, email).Scan(&d.SubscriberID, &d.ID)
	if err != nil && err != sql.ErrNoRows {
		h.t.Fatal(err)
	}
	return h.store(secret).UnsubscribeToken(d)
}

func (h *house) opens(token string, secrets ...string) bool {
	h.t.Helper()
	_, err := h.store(secrets...).Leaving(context.Background(), token)
	return err == nil
}
