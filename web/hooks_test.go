package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fortsatt/web"
)

// report posts as a provider does: no cookie, from elsewhere.
func (h *house) report(provider, body string, header map[string]string) reply {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.server.URL+"/hooks/"+provider, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://provider.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return h.send(r)
}

// stored checks which bodies wait for the worker.
func (h *house) stored(want ...string) {
	h.t.Helper()
	var got []string
	if err := h.db.Select(&got, `select provider || ' ' || convert_from(body, 'UTF8') from hooks order by id`); err != nil {
		h.t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("stored %q, want %q", got, want)
	}
}

const mailgunKey = "key-of-the-tests"

func mailgunReport(key string, at time.Time) string {
	token := strings.Repeat("t", 50)
	sum := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(sum, "%d%s", at.Unix(), token)
	return fmt.Sprintf(`{"signature": {"timestamp": "%d", "token": "%s", "signature": "%x"}, "event-data": {"event": "failed"}}`, at.Unix(), token, sum.Sum(nil))
}

func byMailgun(o *web.Options) { o.Hooks.Mailgun = mailgunKey }

// Mailgun reports, and again since it did not hear us: it is stored once, as it came.
func TestAReportOfMailgunsIsStored(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	body := mailgunReport(mailgunKey, h.clock())
	for range 2 {
		h.wants(h.report("mailgun", body, nil), http.StatusOK)
	}
	h.stored("mailgun " + body)
}

func TestMailgunsSignature(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	now := h.clock()
	good := mailgunReport(mailgunKey, now)
	for what, body := range map[string]string{
		"another key":      mailgunReport("key-of-another", now),
		"another token":    strings.Replace(good, "tttt", "ttut", 1),
		"another time":     strings.Replace(good, strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Unix()+1, 10), 1),
		"no signature":     `{"event-data": {"event": "failed"}}`,
		"not JSON":         good[1:],
		"16 minutes late":  mailgunReport(mailgunKey, now.Add(-16*time.Minute)),
		"16 minutes early": mailgunReport(mailgunKey, now.Add(16*time.Minute)),
	} {
		if got := h.report("mailgun", body, nil); got.status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", what, got.status)
		}
	}
	h.stored()
	h.later(14 * time.Minute)
	h.wants(h.report("mailgun", good, nil), http.StatusOK)
	h.stored("mailgun " + good)
}

func TestPostmarksPassword(t *testing.T) {
	t.Parallel()
	h := open(t, func(o *web.Options) { o.Hooks.Postmark = "brev:hemligt:med:kolon" })
	basic := func(userPassword string) map[string]string {
		return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(userPassword))}
	}
	for _, wrong := range []map[string]string{
		nil, basic(""), basic(":"), basic("brev:hemligt:med:kolo"), basic("brev:hemligt:med:kolon2"), basic("Brev:hemligt:med:kolon"),
		{"Authorization": "Bearer brev:hemligt:med:kolon"},
	} {
		if got := h.report("postmark", `{}`, wrong); got.status != http.StatusForbidden {
			t.Errorf("%v: got status %d, want 403", wrong, got.status)
		}
	}
	h.stored()
	h.wants(h.report("postmark", `{"RecordType": "Bounce"}`, basic("brev:hemligt:med:kolon")), http.StatusOK)
	h.stored(`postmark {"RecordType": "Bounce"}`)
}

// SendGrid signs its time and the raw body: any change of either is noticed, were it
// only a space in the JSON.
func TestSendGridsSignature(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, func(o *web.Options) { o.Hooks.SendGrid = &key.PublicKey })
	const body, at = `[{"event": "bounce"}]`, "1795503605"
	sum := sha256.Sum256([]byte(at + body))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{
		"X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature),
		"X-Twilio-Email-Event-Webhook-Timestamp": at,
	}
	with := func(name, value string) map[string]string {
		header := maps.Clone(good)
		header["X-Twilio-Email-Event-Webhook-"+name] = value
		return header
	}
	for what, got := range map[string]reply{
		"a space more":     h.report("sendgrid", `[{"event":  "bounce"}]`, good),
		"another time":     h.report("sendgrid", body, with("Timestamp", "1795503606")),
		"no time":          h.report("sendgrid", body, with("Timestamp", "")),
		"no signature":     h.report("sendgrid", body, with("Signature", "")),
		"not base64":       h.report("sendgrid", body, with("Signature", hex.EncodeToString(signature)+"!")),
		"nothing about it": h.report("sendgrid", body, nil),
	} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", what, got.status)
		}
	}
	h.stored()
	h.wants(h.report("sendgrid", body, good), http.StatusOK)
	h.stored("sendgrid " + body)
}

// Who is not in the settings is not listened to, and nobody is by GET.
func TestHooksThatAreNotThere(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	body := mailgunReport(mailgunKey, h.clock())
	for _, provider := range []string{"ses", "postmark", "sendgrid", "Mailgun", "pigeon"} {
		if got := h.report(provider, body, nil); got.status != http.StatusNotFound {
			t.Errorf("%q: got status %d, want 404", provider, got.status)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
		got := h.browser().do(method, "/hooks/mailgun", "application/json", body)
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
			t.Errorf("%s: got status %d, Allow %q, want 405 and POST", method, got.status, got.header.Get("Allow"))
		}
	}
	h.stored()
}

// A body may be larger than a form, up to 1 MB.
func TestTheSizeOfAReport(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	good := mailgunReport(mailgunKey, h.clock())
	full := good + strings.Repeat(" ", 1<<20-len(good))
	h.wants(h.report("mailgun", full+" ", nil), http.StatusRequestEntityTooLarge)
	h.stored()
	h.wants(h.report("mailgun", full, nil), http.StatusOK)
	h.stored("mailgun " + full)
}

// What cannot be stored is not answered as if it were: the provider tries again.
func TestAReportWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	h.store.Close()
	got := h.report("mailgun", mailgunReport(mailgunKey, h.clock()), nil)
	h.wants(got, http.StatusServiceUnavailable)
	h.stored()
	if log := h.log.String(); !strings.Contains(log, "hook not stored") {
		t.Errorf("the log says nothing of it:\n%s", log)
	}
}

// The log tells that somebody tried, and nothing of what was sent.
func TestTheLogOfHooks(t *testing.T) {
	t.Parallel()
	h := open(t, byMailgun)
	h.report("mailgun", strings.Replace(mailgunReport("another", h.clock()), `"failed"`, `"failed", "recipient": "anna@example.se"`, 1), nil)
	log := h.log.String()
	if !strings.Contains(log, "hook refused") || !strings.Contains(log, "provider=mailgun") {
		t.Errorf("the log lacks the attempt:\n%s", log)
	}
	for _, secret := range []string{mailgunKey, "anna@", "tttt"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}
