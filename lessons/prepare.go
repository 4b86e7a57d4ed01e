package lessons

import "html"

// Prepared is a letter that many readers are to have. Its fixed pieces are
// encoded for the way they travel, as P, once; for each reader only the fields
// are left.
type Prepared[P any] struct {
	*Letter
	text, html []P // the letter's pieces; nothing where one is not fixed
	encode     func(string) P
}

// Prepare encodes what is fixed in a letter. Encode must do with any piece of
// a text, without knowing what stands before and after it.
func Prepare[P any](l *Letter, encode func(string) P) *Prepared[P] {
	return &Prepared[P]{Letter: l, text: encoded(l.text, encode), html: encoded(l.html, encode), encode: encode}
}

// Filled is a letter as one reader gets it, in pieces that make up the whole.
type Filled[P any] struct {
	Subject    string
	Text, HTML []P
}

// Fill fills the letter's holes. The same fields give the same pieces.
func (p *Prepared[P]) Fill(f Fields) Filled[P] {
	f = f.clean()
	return Filled[P]{
		Subject: join(p.subject, f, asIs),
		Text:    fill(p.Letter.text, p.text, f, p.encode),
		HTML:    fill(p.Letter.html, p.html, f, func(value string) P { return p.encode(html.EscapeString(value)) }),
	}
}
