package mailer

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// What each provider's own words come to. The bodies in testdata/hooks are written after
// the providers' documentation; all are about Anna's letter unless they say otherwise.
func TestReadHook(t *testing.T) {
	t.Parallel()
	const (
		token   = "token-anna"
		message = "message-anna@example.org"
	)
	ses := Return{Tokens: []string{token}, MessageIDs: []string{message}}
	sesBare := Return{Tokens: []string{token}}
	mailgun := ses
	other := Return{MessageIDs: []string{message}}
	whose := func(id string) Return { return Return{MessageIDs: []string{id + "@example.org"}} }
	said := func(about Return, kind ReturnKind, enhanced string, code int) []Return {
		about.Kind, about.Enhanced, about.Code = kind, enhanced, code
		return []Return{about}
	}
	wants := map[string][]Return{
		"ses-hard":                   said(ses, Failed, "5.1.1", 550),
		"ses-hard-event":             said(ses, Failed, "5.1.1", 0),
		"ses-full":                   said(ses, Failed, "4.2.2", 552),
		"ses-transient-unknown-user": said(ses, Failed, "4.1.1", 550),
		"ses-undetermined":           said(ses, Failed, "4.0.0", 0),
		"ses-policy":                 said(ses, Failed, "5.7.1", 550),
		"ses-left":                   said(ses, OptOut, "", 0),
		"ses-complaint":              said(ses, Complaint, "", 0),
		"ses-complaint-untyped":      said(ses, Complaint, "", 0),
		"ses-not-spam":               said(ses, Unclear, "", 0),
		"ses-delay":                  said(sesBare, Delayed, "4.4.1", 421),
		"ses-virus":                  said(sesBare, Failed, "5.7.0", 0),
		"ses-delivery":               nil,
		"ses-tried-out":              nil,

		"postmark-hard":          said(other, Failed, "5.1.1", 550),
		"postmark-hard-wordless": said(other, Failed, "5.1.1", 0),
		"postmark-hard-denied":   said(other, Failed, "5.4.1", 550),
		"postmark-bad-address":   said(other, Failed, "5.1.3", 0),
		"postmark-soft":          said(other, Failed, "4.2.2", 552),
		"postmark-blocked":       said(other, Failed, "5.7.0", 550),
		"postmark-transient":     said(other, Delayed, "4.7.1", 451),
		"postmark-vacation":      said(other, AutoReply, "", 0),
		"postmark-challenge":     said(other, Unclear, "", 0),
		"postmark-complaint":     said(other, Complaint, "", 0),
		"postmark-left":          said(other, OptOut, "", 0),
		"postmark-back":          nil,
		"postmark-open":          nil,

		"mailgun-hard":       said(mailgun, Failed, "5.1.1", 550),
		"mailgun-full":       said(mailgun, Failed, "5.2.2", 552),
		"mailgun-later":      said(mailgun, Delayed, "4.7.1", 451),
		"mailgun-suppressed": said(mailgun, Failed, "5.0.0", 0),
		"mailgun-rejected":   said(mailgun, Failed, "5.7.0", 0),
		"mailgun-complaint":  said(mailgun, Complaint, "", 0),
		"mailgun-left":       said(mailgun, OptOut, "", 0),
		"mailgun-delivered":  nil,

		"sendgrid-hard":       said(other, Failed, "5.1.1", 550),
		"sendgrid-reputation": said(other, Failed, "5.7.0", 550),
		"sendgrid-mixed": join(
			said(other, Failed, "5.1.1", 500),
			said(whose("message-bo"), Failed, "4.2.2", 552),
			said(whose("message-cilla"), Failed, "4.0.0", 0),
			said(other, Delayed, "", 400),
			said(other, OptOut, "", 0),
			said(other, Complaint, "", 0),
		),
		"sendgrid-dropped": join(
			said(other, Failed, "5.0.0", 0),
			said(other, Failed, "5.1.1", 0),
			said(other, OptOut, "", 0),
			said(other, Complaint, "", 0),
			said(other, Failed, "5.7.0", 0),
		),
	}
	if samples, err := os.ReadDir("testdata/hooks"); err != nil || len(samples) != len(wants) {
		t.Errorf("%d samples, %v, want one for each of %d expectations", len(samples), err, len(wants))
	}
	for file, want := range wants {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			provider, _, _ := strings.Cut(file, "-")
			got, err := ReadHook(provider, hookBody(t, file))
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if strings.TrimSpace(got[i].Diagnostic) == "" {
					t.Errorf("event %d says nothing to people", i)
				}
				got[i].Diagnostic = ""
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func join(lists ...[]Return) (all []Return) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func hookBody(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/hooks/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAHookThatIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"ses", "postmark", "mailgun", "sendgrid", "pigeon"} {
		for _, body := range []string{"", "not JSON", `"text"`, `{"Message": "{ not JSON"`} {
			if got, err := ReadHook(provider, []byte(body)); err == nil || !strings.Contains(err.Error(), provider) {
				t.Errorf("%s, %q: got %v and %v, want an error that names the provider", provider, body, got, err)
			}
		}
	}
}

// Providers change fields without asking. What is still understood, counts.
func TestAFieldOfAnotherType(t *testing.T) {
	t.Parallel()
	body := strings.Replace(string(hookBody(t, "mailgun-hard")), `"severity": "permanent"`, `"severity": {"is": "permanent"}`, 1)
	got, err := ReadHook("mailgun", []byte(body))
	if err != nil || len(got) != 1 || got[0].Kind != Failed || got[0].Enhanced != "5.1.1" {
		t.Errorf("got %+v and %v, want the failure", got, err)
	}
}

// The event itself stands as text within the JSON of Amazon SNS.
func TestASESEventThatIsNoJSON(t *testing.T) {
	t.Parallel()
	if got, err := ReadHook("ses", []byte(`{"Message": "{ not JSON"}`)); err == nil {
		t.Errorf("got %v and no error", got)
	}
}

func FuzzReadHook(f *testing.F) {
	entries, _ := os.ReadDir("testdata/hooks")
	for _, entry := range entries {
		provider, _, _ := strings.Cut(entry.Name(), "-")
		f.Add(provider, hookBody(f, strings.TrimSuffix(entry.Name(), ".json")))
	}
	f.Fuzz(func(t *testing.T, provider string, body []byte) {
		returns, _ := ReadHook(provider, body)
		for _, r := range returns {
			if len([]rune(r.Diagnostic)) > 300 || len(r.Enhanced) > 9 || r.Code < 0 || r.Code > 599 {
				t.Errorf("%s: %+v", provider, r)
			}
		}
	})
}
