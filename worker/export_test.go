package worker

import (
	"io/fs"
	"testing/fstest"
	"time"

	"fortsatt/lessons"
)

// Break makes every letter of a version panic when it is rendered.
func (w *Worker) Break(hash []byte) { w.texts.byHash = map[string]*version{string(hash): nil} }

// Hurry shortens how long a visitor may take for a line, and for everything.
func (w *Worker) Hurry(line, whole time.Duration) { w.visits.line, w.visits.whole = line, whole }

const Visitors = visitors

// Texts are the shipped ones.
func Texts() fs.FS {
	return signedBy{lessons.Shipped(), fstest.MapFS{"publisher.toml": {Data: []byte(publisher)}}}
}

// signedBy is the shipped texts with somebody behind them, as a public site must have.
type signedBy struct{ texts, publisher fs.FS }

func (s signedBy) Open(name string) (fs.File, error) {
	if name == "publisher.toml" {
		return s.publisher.Open(name)
	}
	return s.texts.Open(name)
}

const publisher = `
name = "Åtta brev AB"
email = "redaktion@atta.example"
number = "556000-0000"
address = "Storgatan 1, 111 11 Stockholm"
relay = "Reläet AB"
`
