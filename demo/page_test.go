package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const lesson = "From: kurs@example.se\r\n" +
	"To: anna@example.se\r\n" +
	"Subject: =?utf-8?q?Vecka_3:_n=C3=A4r_m=C3=B6tet_blir_f=C3=B6r_l=C3=A5ngt?=\r\n" +
	"List-Unsubscribe: <https://example.se/avsluta/abc>\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n" +
	"\r\n" +
	"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHej Anna, l=E4s vidare =3D bra\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
	"PCFkb2N0eXBlIGh0bWw+PGh0bWw+PGhlYWQ+PGJhc2UgdGFyZ2V0PSJfc2VsZiI+PC9oZWFkPjxi\r\n" +
	"b2R5PjxwPkzDpHMgdmlkYXJlPC9wPjxzY3JpcHQ+YWxlcnQoMSk8L3NjcmlwdD48L2JvZHk+PC9o\r\ndG1sPg==\r\n" +
	"--b\r\nContent-Type: text/calendar\r\nContent-Disposition: attachment; filename=\"webbinarium.ics\"\r\n\r\nBEGIN:VCALENDAR\r\n" +
	"--b--\r\n"

func arrived(to string, raw string) Letter {
	return Letter{From: "studs@example.se", To: []string{to}, Raw: []byte(raw), Received: time.Date(2026, 3, 10, 7, 0, 0, 0, time.UTC)}
}

func get(t *testing.T, in *Inbox, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	in.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// elements are all those of a kind in a page.
func elements(t *testing.T, page string, kind atom.Atom) (found []*html.Node) {
	t.Helper()
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range tree.Descendants() {
		if node.DataAtom == kind {
			found = append(found, node)
		}
	}
	return found
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(node *html.Node) string {
	var b strings.Builder
	for part := range node.Descendants() {
		if part.Type == html.TextNode {
			b.WriteString(part.Data)
		}
	}
	return b.String()
}

func subjects(t *testing.T, page string) (list []string) {
	t.Helper()
	for _, a := range elements(t, page, atom.A) {
		if attribute(a, "class") == "subject" {
			list = append(list, text(a))
		}
	}
	return list
}

func TestTheListShowsTheNewestFirstAndFiltersByAddress(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	in.keep(arrived("anna@example.se", letterTo("anna@example.se", "Anna ett", "")))
	in.keep(arrived("johanna@example.se", letterTo("johanna@example.se", "Johanna ett", "")))
	in.keep(arrived("Anna@example.se", letterTo("anna@example.se", "=?utf-8?q?Anna_tv=C3=A5?=", "")))

	for path, want := range map[string]string{
		"/":                      "Anna två, Johanna ett, Anna ett",
		"/?to=anna@example.se":   "Anna två, Anna ett",
		"/?to=nobody@example.se": "",
	} {
		if got := strings.Join(subjects(t, get(t, in, path).Body.String()), ", "); got != want {
			t.Errorf("%s lists %s, want %s", path, got, want)
		}
	}
}

func TestALongListIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	for range inboxLists + 7 {
		in.keep(arrived("anna@example.se", letterTo("anna@example.se", "Brev", "")))
	}
	page := get(t, in, "/").Body.String()
	if n := len(subjects(t, page)); n != inboxLists {
		t.Errorf("%d letters listed, want %d", n, inboxLists)
	}
	if !strings.Contains(page, "and 7 older") {
		t.Error("the page does not say that 7 are left out")
	}
}

func TestALetterIsShownWithItsPartsAndHeaders(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	in.keep(arrived("anna@example.se", lesson))

	page := get(t, in, "/letters/1").Body.String()
	if got := text(elements(t, page, atom.H1)[0]); got != "Vecka 3: när mötet blir för långt" {
		t.Errorf("the heading is %q", got)
	}
	for _, want := range []string{"Hej Anna, läs vidare = bra", "List-Unsubscribe", "https://example.se/avsluta/abc", "webbinarium.ics"} {
		if !strings.Contains(text(elements(t, page, atom.Body)[0]), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	frame := elements(t, page, atom.Iframe)
	if len(frame) != 1 || attribute(frame[0], "src") != "1/html" || attribute(frame[0], "sandbox") != "allow-popups allow-popups-to-escape-sandbox" {
		t.Errorf("the letter's frame is %v", frame)
	}

	raw := get(t, in, "/letters/1/raw")
	if !strings.Contains(raw.Body.String(), "l=E4s vidare =3D bra") || !strings.HasPrefix(raw.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("raw: %s\n%s", raw.Header().Get("Content-Type"), raw.Body)
	}
}

func TestTheLettersOwnPageRunsNothingAndOpensLinksInNewTabs(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	in.keep(arrived("anna@example.se", lesson))

	answer := get(t, in, "/letters/1/html")
	policy := answer.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';") ||
		strings.Contains(policy, "script") || strings.Contains(policy, "same-origin") {
		t.Errorf("the policy is %q", policy)
	}
	page := answer.Body.String()
	if got := attribute(elements(t, page, atom.Base)[0], "target"); got != "_blank" {
		t.Errorf("the first base has target %q, want _blank", got)
	}
	if got := text(elements(t, page, atom.P)[0]); got != "Läs vidare" {
		t.Errorf("the letter says %q", got)
	}
	if !strings.HasPrefix(page, "<!DOCTYPE html>") {
		t.Errorf("the doctype is gone: %.40q", page)
	}
}

func TestAHostileLetterIsInert(t *testing.T) {
	t.Parallel()
	const attack = `</title><script>alert(1)</script><img src=x onerror=alert(2)>"'`
	const address = `"><script>alert(3)</script>@example.se`
	in := NewInbox()
	letter := arrived(address, "Subject: "+attack+"\r\nX-Attack: "+attack+"\r\n\r\n"+attack+"</pre>")
	letter.From = address
	in.keep(letter)

	for path, scripts := range map[string]int{"/": 1, "/letters/1": 0} {
		answer := get(t, in, path)
		page := answer.Body.String()
		if got := len(elements(t, page, atom.Script)); got != scripts {
			t.Errorf("%s: %d scripts, want %d", path, got, scripts)
		}
		if got := len(elements(t, page, atom.Img)); got != 0 {
			t.Errorf("%s: the subject became an image", path)
		}
		if !strings.Contains(text(elements(t, page, atom.Body)[0]), attack) {
			t.Errorf("%s does not show the subject as it came", path)
		}
		if policy := answer.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script-src 'unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
}

func TestTheListRefreshesItselfAlsoWithoutScripts(t *testing.T) {
	t.Parallel()
	answer := get(t, NewInbox(), "/")
	nonce := attribute(elements(t, answer.Body.String(), atom.Script)[0], "nonce")
	if nonce == "" || !strings.Contains(answer.Header().Get("Content-Security-Policy"), "script-src 'nonce-"+nonce+"'") {
		t.Errorf("the script's nonce %q is not in the policy", nonce)
	}
	if !strings.Contains(answer.Body.String(), `<noscript><meta http-equiv="refresh" content="2"></noscript>`) {
		t.Error("nothing refreshes the list without scripts")
	}
}

func TestMalformedLettersAreShownAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":            "",
		"no blank line":    "this is no header",
		"unknown charset":  "Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nhej",
		"unknown encoding": "Subject: x\r\nContent-Transfer-Encoding: morse\r\n\r\nhej",
		"cut multipart":    "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhej",
		"bad type":         "Subject: x\r\nContent-Type: ;;;\r\n\r\nhej",
	} {
		in := NewInbox()
		in.keep(arrived("anna@example.se", raw))
		for _, path := range []string{"/", "/letters/1", "/letters/1/html", "/letters/1/raw"} {
			if code := get(t, in, path).Code; code != http.StatusOK {
				t.Errorf("%s: %s answers %d", name, path, code)
			}
		}
		shown := get(t, in, "/letters/1").Body.String()
		if strings.Contains(raw, "hej") && !strings.Contains(shown, "hej") {
			t.Errorf("%s: the text is not shown", name)
		}
		if !strings.Contains(raw, "hej") && raw != "" && !strings.Contains(shown, "malformed") {
			t.Errorf("%s: the page does not say that the letter is malformed", name)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	in := NewInbox()
	in.keep(arrived("anna@example.se", ""))
	for _, path := range []string{"/letters/2", "/letters/0", "/letters/x", "/letters/2/html", "/letters/2/raw", "/other"} {
		if code := get(t, in, path).Code; code != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", path, code)
		}
	}
}
