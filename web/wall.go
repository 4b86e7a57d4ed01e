package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"fortsatt/lessons"
)

// articleBody is what the article's template shows: a teaser and the wall's
// form, or the whole.
type articleBody struct {
	Article *lessons.Article
	Form    *form // nil when the article is open
	Pending bool  // open to this browser, while a confirm letter is on its way
}

func (s *site) article(w http.ResponseWriter, r *http.Request) {
	article := s.library.Article(r.PathValue("slug"))
	if article == nil {
		s.missing(w, r)
		return
	}
	reader, ok := s.member(w, r)
	if !ok {
		return
	}
	body := articleBody{Article: article}
	switch {
	case reader != nil:
	case s.pass(r) == article.Slug:
		body.Pending = true
	default:
		body.Form = s.wallForm(articles + article.Slug)
	}
	s.showArticle(w, http.StatusOK, body)
}

func (s *site) showArticle(w http.ResponseWriter, status int, body articleBody) {
	s.show(w, status, page{
		Template:    "article",
		Title:       body.Article.Title,
		Description: body.Article.Lede,
		Path:        articlePath(body.Article),
		Kind:        "article",
		Data:        s.articleData(body.Article),
		Member:      body.Form == nil && !body.Pending,
		Body:        body,
	})
}

// Whoever comes to a form from a wall goes back there. On the way the page has
// a name, which for an article is its slug and for any other page its path: in
// the fields artikel and sida, and in the ledger.

const articles = "/artiklar/"

// back is the path of the page that a form or an address names, "" for none.
func (s *site) back(asked url.Values) string {
	return cmp.Or(s.walled(asked.Get("artikel")), s.walled(asked.Get("sida")))
}

// walled is the path of the page with a wall that has this name, "" where the
// library has none: so nothing that is sent to us leads elsewhere.
func (s *site) walled(name string) string {
	path := name
	if !strings.HasPrefix(name, "/") {
		path = articles + name
	}
	if s.library.Article(articleSlug(path)) != nil || s.webinarAt(path) != nil {
		return path
	}
	return ""
}

// named is walled's other way.
func named(path string) string { return strings.TrimPrefix(path, articles) }

// articleSlug is the slug of the article at a path, "" where there is another page.
func articleSlug(path string) string {
	slug, found := strings.CutPrefix(path, articles)
	if !found {
		return ""
	}
	return slug
}

// carrying adds to a path which page to go back to.
func carrying(path, back string) string {
	switch slug := articleSlug(back); {
	case back == "":
		return path
	case slug != "":
		return path + "?artikel=" + slug
	}
	return path + "?sida=" + back
}
