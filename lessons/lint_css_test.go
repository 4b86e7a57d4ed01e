package lessons

import (
	"fmt"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

// The cascade of CSS: important before inline before the sheet, more classes before
// fewer, later before earlier, and only the rules of the view at hand.
func TestWhichStyleHolds(t *testing.T) {
	t.Parallel()
	dark, narrow := view{dark: true}, view{narrow: true}
	for _, c := range []struct {
		name, css, element string
		view               view
		want               string
	}{
		{"nothing", "", `<p>`, view{}, ""},
		{"inline", "", `<p style="margin:0;COLOR: Red ">`, view{}, "red"},
		{"the last of two", "", `<p style="color:red;color:blue">`, view{}, "blue"},
		{"an element", "p { color: red } a { color: blue }", `<p>`, view{}, "red"},
		{"a class", "p { color: red } .q { color: blue }", `<p class="x q">`, view{}, "blue"},
		{"a class of another", ".q { color: blue }", `<p class="qq">`, view{}, ""},
		{"element and class", "p.q { color: red } a.q { color: blue }", `<p class="q">`, view{}, "red"},
		{"the more exact, though earlier", "p.q { color: red } p { color: blue }", `<p class="q">`, view{}, "red"},
		{"the later of equals", ".q { color: red } .q { color: blue }", `<p class="q">`, view{}, "blue"},
		{"inline before the sheet", ".q { color: red }", `<p class="q" style="color:blue">`, view{}, "blue"},
		{"important before inline", "p { color: red !important }", `<p style="color:blue">`, view{}, "red"},
		{"important inline before all", "p { color: red !important }", `<p style="color:blue!important">`, view{}, "blue"},
		{"important says nothing of its neighbours", "p { margin: 0 !important; color: red }", `<p style="color:blue">`, view{}, "blue"},
		{"important, and then not", "p { color: red !important; color: blue }", `<p>`, view{}, "red"},
		{"important of all elements", "* { color: red !important }", `<p style="color:blue">`, view{}, "red"},
		{"a class before two elements", ".q { color: red } div p { color: blue }", `<div><p class="q">`, view{}, "red"},
		{"inside", ".out p { color: red }", `<div class="out"><div><p>`, view{}, "red"},
		{"outside", ".out p { color: red }", `<p>`, view{}, ""},
		{"a list of selectors", "h1, p, a { color: red }", `<p>`, view{}, "red"},
		{"a state is not the element", "p:hover { color: red }", `<p>`, view{}, ""},
		{"comments", "/* p { color: blue } */ p { color: red }", `<p>`, view{}, "red"},
		{"dark rules by day", "@media (prefers-color-scheme: dark) { p { color: red } }", `<p>`, view{}, ""},
		{"dark rules at night", "@media (prefers-color-scheme: dark) { p { color: red } } a { color: blue }", `<p>`, dark, "red"},
		{"light rules at night", "@media (prefers-color-scheme: light) { p { color: red } }", `<p>`, dark, ""},
		{"small screens", "@media (max-width: 480px) { p { color: red } }", `<p>`, narrow, "red"},
		{"small screens, on a wide one", "@media (max-width: 480px) { p { color: red } }", `<p>`, dark, ""},
		{"wide screens, on a small one", "@media (min-width: 480px) { p { color: red } }", `<p>`, narrow, ""},
		{"rules for paper", "@media print { p { color: red } }", `<p>`, view{}, ""},
		{"after other at-rules", "@import 'a'; @font-face { color: blue } p { color: red }", `<p>`, view{}, "red"},
	} {
		doc, err := nethtml.Parse(strings.NewReader("<style>" + c.css + "</style>" + c.element))
		if err != nil {
			t.Fatal(err)
		}
		got := "no p"
		for n := range doc.Descendants() {
			if n.Data == "p" {
				got = sheetOf(doc).value(n, c.view, "color")
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// What a mail program shows, a block on lines of its own.
func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, want string }{
		{"<title>x</title><p>Hej <b>du</b>!</p>", "Hej du!"},
		{"ett<div>två<p>tre</p></div>fyra<br>fem", "ett|två|tre|fyra|fem"},
		{"<!-- x --><p hidden>x</p><style>p { }</style><script>x</script><p>y</p>", "y"},
		{`<style>.n { display: none }</style><p class="n">x <b>x</b></p><p>y</p>`, "y"},
		{`<p style="visibility:hidden">x</p><img src="x" alt="En kopp">`, "En kopp"},
		{"<p>&lt;b&gt; &amp;amp;</p>", "<b> &amp;"},
	} {
		got := strings.Join(strings.FieldsFunc(shown(c.source), func(r rune) bool { return r == '\n' }), "|")
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.source, got, c.want)
		}
	}
}

// The figures are those that WCAG and its checkers give.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ink, paper, want string }{
		{"#000000", "#ffffff", "21.00"}, {"white", "black", "21.00"}, {"#fff", "#ffffff", "1.00"},
		{"#767676", "#ffffff", "4.54"}, {"#777777", "#ffffff", "4.48"}, {"#0000ff", "#ffffff", "8.59"}, {"#ff0000", "#fff", "4.00"},
	} {
		ink, ok := parseColour(c.ink)
		paper, ok2 := parseColour(c.paper)
		if got := fmt.Sprintf("%.2f", contrast(ink, paper)); !ok || !ok2 || got != c.want {
			t.Errorf("%s on %s: got %s, want %s", c.ink, c.paper, got, c.want)
		}
	}
	for _, unknown := range []string{"", "red-ish", "#12", "#12345", "rgb(1,2,3)", "url(#x)"} {
		if c, ok := parseColour(unknown); ok {
			t.Errorf("%q: got %s, want none", unknown, c)
		}
	}
}

// What is inherited, what an element is by itself, and what is not understood.
func TestWhatIsSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"black on white", "<p>Hej</p>", ""},
		{"just enough contrast", `<p style="color:#767676">Hej</p>`, ""},
		{"just too little", `<p style="color:#777777">Hej</p>`, "contrast 4.4:1"},
		{"inherited ink", `<div style="color:#aaaaaa"><p><em>Hej</em></p></div>`, "“Hej”: contrast 2.3:1 in light mode (#aaaaaa on #ffffff)"},
		{"inherited paper", `<table bgcolor="#333333"><tr><td><p>Hej</p></td></tr></table>`, "(#000000 on #333333)"},
		{"a style before bgcolor", `<table bgcolor="#333333" style="background:#eeeeee"><tr><td>Hej</td></tr></table>`, ""},
		{"see-through paper", `<div style="background:#333333"><p style="background:transparent">Hej</p></div>`, "(#000000 on #333333)"},
		{"a link's own ink", `<div style="background:#444444;color:#ffffff"><a href="x">Hej</a></div>`, "(#0000ee on #444444)"},
		{"hidden ink", `<p style="display:none;color:#ffffff;font-size:1px">Hej</p>`, ""},
		{"no words", `<p style="color:#ffffff"> </p>`, ""},
		{"small", `<p><small>Hej</small></p>`, "text of 13.3 pixels"},
		{"small in large", `<p style="font-size:18px"><small>Hej</small></p>`, ""},
		{"points", `<p style="font-size:10pt">Hej</p>`, "text of 13.3 pixels"},
		{"enough points", `<p style="font-size:11pt">Hej</p>`, ""},
		{"a share of what is inherited", `<div style="font-size:20px"><p style="font-size:0.6em">Hej</p></div>`, "text of 12 pixels"},
		{"per cent", `<div style="font-size:20px"><p style="font-size:80%">Hej</p></div>`, ""},
		{"a size not understood", `<p style="font-size:tiny">Hej</p>`, "the text size tiny is not understood"},
		{"a colour not understood", `<p style="color:hotpink">Hej</p>`, "the colour hotpink of <p> is not understood"},
	} {
		doc, err := nethtml.Parse(strings.NewReader(`<meta name="color-scheme" content="dark">` + c.body))
		if err != nil {
			t.Fatal(err)
		}
		i := &inspection{doc: doc}
		i.legible()
		switch {
		case c.want == "" && len(i.findings) > 0:
			t.Errorf("%s: found %+v, want nothing", c.name, i.findings)
		case c.want != "" && (len(i.findings) == 0 || !strings.Contains(i.findings[0].Text, c.want)):
			t.Errorf("%s: found %+v, want %q", c.name, i.findings, c.want)
		}
	}
}
