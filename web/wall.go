package web

import (
	"net/http"

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
	w.Header().Set("Vary", "Cookie")
	w.Header().Set("Cache-Control", "private, no-cache")
	reader, err := s.reader(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body := articleBody{Article: article}
	switch {
	case reader != nil:
	case s.hasPass(r, article.Slug):
		body.Pending = true
	default:
		body.Form = s.wallForm(article.Slug)
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
		Body:        body,
	})
}
