package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// Anna has no mouse. She reads, signs up, confirms, says her name and leaves.
func TestEverythingByKeyboard(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.visitor(chromedp.EmulateViewport(390, 844))

	site, wall, words := h.library.Pages.Site, h.library.Wall, h.library.Pages

	anna.open("/artiklar/mingla")
	anna.tabs(site.Skip, site.Brand, wall.Email, wall.Newsletter, wall.Button, wall.Policy, wall.Login, site.Privacy, site.Accessibility, site.Contact)
	anna.open("/artiklar/mingla")
	anna.tabs(site.Skip)
	anna.keys("\r")
	anna.tabs(wall.Email) // past what stands on every page
	anna.keys("anna@example.se")
	anna.leads(chromedp.KeyEvent("\r"))
	if next := evaluate[string](anna, `document.querySelector(":target").textContent`); next != restOfMingle {
		t.Errorf("signing up leads to %q, want the next paragraph", next)
	}
	anna.tabs(words.Article.Onward) // past the note, which stands above the paragraph

	h.carryOut()
	anna.open(h.confirmLink("anna@example.se"))
	anna.tabs(site.Skip, site.Brand, words.Confirm.Course, words.Confirm.Read)
	anna.keys("\t", backwards)
	anna.isAt(words.Confirm.Course)
	anna.leads(chromedp.KeyEvent("\r"))
	anna.tabs(site.Skip, site.Brand, words.Confirm.Article, words.Confirm.Name)
	anna.keys("Anna")
	anna.leads(chromedp.KeyEvent("\r"))
	if got := evaluate[string](anna, `document.querySelector("#namn").value`); got != "Anna" {
		t.Errorf("the name is %q, want Anna", got)
	}

	anna.open(h.leaveLink("anna@example.se"))
	anna.tabs(site.Skip, site.Brand, words.Leave.Button)
	anna.leads(chromedp.KeyEvent(" "))
	if got := h.one(`select state from enrolments`); got != "left" {
		t.Errorf("after leaving, got enrolment %s, want left", got)
	}
	anna.tabs(site.Skip, site.Brand, words.Leave.Undo)
	anna.leads(chromedp.KeyEvent("\r"))
	if got := h.one(`select state from enrolments`); got != "active" {
		t.Errorf("after leaving and undoing, got enrolment %s, want active", got)
	}
}

// A mistyped address is brought back with the cursor in it.
func TestAMistakeIsWhereTheCursorIs(t *testing.T) {
	t.Parallel()
	h := open(t)
	anna := h.visitor()
	anna.open("/anmalan")
	anna.do(chromedp.SetAttributeValue(chromedp.CSS("#epost"), "type", "text"))
	anna.do(chromedp.Focus(chromedp.CSS("#epost")))
	anna.keys("anna@example")
	anna.leads(chromedp.KeyEvent("\r"))
	anna.keys("\t")
	anna.keys("\t", backwards)
	anna.isAt(h.library.Wall.Email)
	if !anna.is(`document.querySelector("#epost").matches(":target")`) {
		t.Error("the field is not what the address points at")
	}
}

var backwards = chromedp.KeyModifiers(chromedp.ModifierShift)

func (v *visitor) keys(keys string, how ...chromedp.KeyOption) {
	v.t.Helper()
	v.do(chromedp.KeyEvent(keys, how...))
}

// tabs presses the tabulator and looks where it leads, each time.
func (v *visitor) tabs(want ...string) {
	v.t.Helper()
	for _, stop := range want {
		v.keys("\t")
		v.isAt(stop)
	}
}

// isAt says whether the focus is where it should be, and can be seen there.
// Every stop goes by its label, or what is written on it.
func (v *visitor) isAt(stop string) {
	v.t.Helper()
	name := evaluate[string](v, `(e => (e.labels?.[0] ?? e).textContent.slice(0, 200))(document.activeElement)`)
	if name != stop {
		v.t.Errorf("the focus is at %q, want %q", name, stop)
	}
	if !v.is(`(r => r.width > 0 && r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight)(document.activeElement.getBoundingClientRect())`) {
		v.t.Errorf("the focus, at %q, is out of sight", name)
	}
	if !v.is(`(s => s.outlineStyle != "none" && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))`) {
		v.t.Errorf("the focus, at %q, cannot be seen", name)
	}
}
