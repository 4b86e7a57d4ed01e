package lessons

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Library is everything that is written: one directory, read and checked.
type Library struct {
	Publisher     Publisher
	Wall          Wall
	Pages         Pages
	Courses       []*Course          // by id
	Articles      []*Article         // newest first
	Letters       map[string]*Letter // by kind; see letterFields
	Privacy       *Page
	Webinars      []*Webinar // soonest first
	Accessibility *Page
}

// Course finds a course by its id, the folder's name; nil if there is none.
func (l *Library) Course(id string) *Course {
	for _, c := range l.Courses {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Article finds an article by its slug; nil if there is none.
func (l *Library) Article(slug string) *Article {
	for _, a := range l.Articles {
		if a.Slug == slug {
			return a
		}
	}
	return nil
}

//go:embed *.toml */*.toml */*.md letters/layout.html letters/layout.txt
var shipped embed.FS

// Shipped is the directory of texts that this program brings along.
func Shipped() fs.FS { return shipped }

// Load reads a directory of texts. Its error tells everything that is wrong,
// one line each: the file, the line, what is wrong and how to mend it.
func Load(fsys fs.FS) (*Library, error) {
	l := &loader{fsys: fsys}
	l.strangers(".", "publisher.toml", "wall.toml", "pages.toml", "README.md")
	l.strangers("letters", serviceFiles()...)
	l.strangers("pages", "integritet.md")
	library := &Library{Publisher: l.publisher(), Wall: l.wall(), Pages: l.pages()}
	around := l.surroundings(library.Publisher)
	library.Letters = l.serviceLetters(around)
	library.Privacy = l.page("pages/integritet.md", library.Publisher)
	library.Articles = l.articles()
	library.Accessibility = &Page{Title: "Tillgänglighet", HTML: "<p>Stand-in.</p>"}
	library.Courses = l.courses(around)
	if err := l.err(); err != nil {
		return nil, err
	}
	return library, nil
}

// A loader reads files and remembers what is wrong with them.
type loader struct {
	fsys fs.FS
	faults
}

func (l *loader) read(file string) (source []byte, ok bool) {
	source, err := fs.ReadFile(l.fsys, file)
	if errors.Is(err, fs.ErrNotExist) {
		l.add(file, 0, "the file is missing")
		return nil, false
	}
	if err != nil {
		l.add(file, 0, "%s", err)
		return nil, false
	}
	return tidy(source), true
}

// decodeFile reads a file of settings, and returns its source for keyLine.
func (l *loader) decodeFile(file string, v any) (source string, ok bool) {
	b, ok := l.read(file)
	if !ok {
		return "", false
	}
	wrong := legible(file, b)
	if len(wrong) == 0 {
		wrong = decode(file, 1, string(b), v)
	}
	l.faults = append(l.faults, wrong...)
	return string(b), len(wrong) == 0
}

// strangers finds fault with texts and settings that nothing would read: a
// misnamed file must not be left out in silence.
func (l *loader) strangers(dir string, known ...string) {
	for _, name := range l.texts(dir) {
		if !slices.Contains(known, name) {
			l.add(path.Join(dir, name), 0, "nothing reads this file (known here: %s); rename or remove it", strings.Join(known, ", "))
		}
	}
}

// texts lists the .md and .toml files of a folder, in order.
func (l *loader) texts(dir string) (names []string) {
	for _, e := range l.entries(dir) {
		if ext := path.Ext(e.Name()); !e.IsDir() && (ext == ".md" || ext == ".toml") {
			names = append(names, e.Name())
		}
	}
	return names
}

func (l *loader) entries(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.add(dir, 0, "%s", err)
	}
	return entries
}

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (l *loader) wall() (w Wall) {
	l.words("wall.toml", &w, func() error { return w.check() })
	return w
}

func (l *loader) pages() (p Pages) {
	l.words("pages.toml", &p, func() error { return p.check() })
	return p
}

var namedKey = regexp.MustCompile(`^key "([^"]+)"`)

// words decodes a file of wording; check then tells which keys are wrong.
func (l *loader) words(file string, v any, check func() error) {
	source, ok := l.decodeFile(file, v)
	if !ok {
		return
	}
	err := check()
	if err == nil {
		return
	}
	for _, problem := range strings.Split(err.Error(), "\n") {
		line := 0
		if key := namedKey.FindStringSubmatch(problem); key != nil {
			line = keyLine(source, key[1])
		}
		l.add(file, line, "%s", problem)
	}
}
