package web

import (
	"net/http"
	"slices"

	"fortsatt/lessons"
)

// letterBody is a lesson as anybody may read it: without a greeting, and
// without what belongs to one reader.
type letterBody struct {
	Letter        *lessons.Letter
	Before, After *neighbour // nil at either end
}

// A neighbour is the letter of the week before or after, by its number: its
// title is for when one gets there.
type neighbour struct {
	Path string
	Week int
}

// letter shows what a reader passes on to a colleague.
func (s *site) letter(w http.ResponseWriter, r *http.Request) {
	c := s.library.Course(r.PathValue("course"))
	if c == nil {
		s.missing(w, r)
		return
	}
	i := slices.IndexFunc(c.Lessons, func(l *lessons.Letter) bool { return l.ID == r.PathValue("id") })
	if i < 0 {
		s.missing(w, r)
		return
	}
	l := c.Lessons[i]
	body := letterBody{Letter: l, Before: nextTo(c, i-1), After: nextTo(c, i+1)}
	s.show(w, http.StatusOK, page{
		Template:    "letter",
		Title:       l.Title,
		Description: l.Preheader,
		Path:        letterPath(c, l),
		Kind:        "article",
		Data:        s.letterData(c, l),
		Body:        body,
	})
}

func nextTo(c *lessons.Course, i int) *neighbour {
	if i < 0 || i >= len(c.Lessons) {
		return nil
	}
	return &neighbour{letterPath(c, c.Lessons[i]), c.Lessons[i].Week}
}
