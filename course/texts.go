package course

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Version is one text of a letter: all that decides its bytes but the reader.
type Version struct {
	Source []byte // the Markdown file
	Layout []byte // everything around it
}

// Hash names a version by its content.
func (v Version) Hash() []byte {
	h := sha256.New()
	binary.Write(h, binary.BigEndian, uint64(len(v.Source)))
	h.Write(v.Source)
	h.Write(v.Layout)
	return h.Sum(nil)
}

// Course is what the planner knows of a course.
type Course struct {
	ID      string
	Title   string
	Rhythm  Rhythm
	Lessons []Lesson // in order: lesson i is week i+1's
}

// Lesson has a lasting id, apart from its week.
type Lesson struct {
	ID      string
	Title   string
	Version Version
}

// Letter returns the name of a week's letter in the ledger, "" where the
// course has no such week.
func (c Course) Letter(week int) string {
	if week < 1 || week > len(c.Lessons) {
		return ""
	}
	return c.prefix() + c.Lessons[week-1].ID
}

// Week returns the week of a letter, 0 where it is no lesson of this course.
func (c Course) Week(letter string) int {
	for i := range c.Lessons {
		if c.Letter(i+1) == letter {
			return i + 1
		}
	}
	return 0
}

func (c Course) prefix() string { return "lesson:" + c.ID + "/" }

// list returns what a letter's unsubscribe link leaves: a course's id,
// "newsletter", or "" for letters that belong to no list.
func list(letter string) string {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(letter, "test:"), ":")
	switch kind {
	case "lesson":
		course, _, _ := strings.Cut(rest, "/")
		return course
	case "newsletter":
		return newsletter
	}
	return ""
}

const newsletter = "newsletter"

// Claim order. Confirm and login letters have rank 0, which says more than when
// they are sent: they may go to whoever is not active yet, and in doubt are not
// repeated. Answers to questions have neither; they are few, and so stand before
// all others rather than behind a hundred thousand lessons.
const (
	rankAnswer = iota - 1
	rankConfirm
	rankLesson
)

// Publish makes texts known to the store and keeps them in the database: service
// letters by their kind, such as "confirm", and the courses by which letters are
// planned from now on. Call it once, before the store is shared.
func (s *Store) Publish(ctx context.Context, letters map[string]Version, courses []Course) error {
	s.letters, s.courses = letters, courses
	return s.transact(ctx, "store the letters' texts", func(tx *sqlx.Tx) error {
		for _, kind := range slices.Sorted(maps.Keys(letters)) {
			if err := keep(ctx, tx, kind, letters[kind]); err != nil {
				return err
			}
		}
		for _, c := range courses {
			for i, lesson := range c.Lessons {
				if err := keep(ctx, tx, c.Letter(i+1), lesson.Version); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func keep(ctx context.Context, tx *sqlx.Tx, letter string, v Version) error {
	_, err := tx.ExecContext(ctx, `
		insert into versions (hash, letter, source, layout)
		values ($1, $2, $3, $4)
		on conflict do nothing`, v.Hash(), letter, v.Source, v.Layout)
	return err
}

// Version returns a text that was planned once, by its hash.
func (s *Store) Version(ctx context.Context, hash []byte) (Version, error) {
	var v Version
	err := s.db.GetContext(ctx, &v, `select source, layout from versions where hash = $1`, hash)
	if err != nil {
		return v, fmt.Errorf("read a letter's text: %w", away(err))
	}
	return v, nil
}

// Course returns the published course with this id; "" means the first.
func (s *Store) Course(id string) (Course, bool) {
	for _, c := range s.courses {
		if id == "" || c.ID == id {
			return c, true
		}
	}
	return Course{}, false
}
