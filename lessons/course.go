package lessons

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Course is a row of lessons, one a week.
type Course struct {
	ID      string // the folder's name
	Title   string
	Weekday time.Weekday // when the letters come, with Hour, in Zone
	Hour    int
	Zone    *time.Location
	Hosts   []string  // sites other than ours that its letters may link to
	Lessons []*Letter // Lessons[0] is week 1
}

type courseSettings struct {
	Title   string   `toml:"title"`
	Weekday string   `toml:"weekday"`
	Hour    *int     `toml:"hour"`
	Zone    string   `toml:"zone"`
	Hosts   []string `toml:"hosts"`
}

var hostForm = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

func (l *loader) courses(around *surroundings) (courses []*Course) {
	for _, e := range l.entries(".") {
		if !e.IsDir() {
			continue
		}
		names := l.texts(e.Name())
		if slices.Contains(names, "course.toml") {
			courses = append(courses, l.course(e.Name(), names, around))
		} else if i := slices.IndexFunc(names, lessonFile.MatchString); i >= 0 {
			l.add(e.Name(), 0, "a folder with lessons (%s) but without course.toml", names[i])
		}
	}
	if len(courses) == 0 && len(l.faults) == 0 {
		l.add(".", 0, "there is no course; a course is a folder with course.toml and 01-….md")
	}
	return courses
}

var lessonFile = regexp.MustCompile(`^(0[1-9]|[1-9]\d)-[a-z0-9]+(-[a-z0-9]+)*\.md$`)

func (l *loader) course(id string, names []string, around *surroundings) *Course {
	c := l.settings(id)
	var lessons []string
	for _, name := range names {
		switch {
		case name == "course.toml":
		case lessonFile.MatchString(name):
			lessons = append(lessons, name)
		default:
			l.add(path.Join(id, name), 0, "nothing reads this file (a lesson's name is two digits and a name, as in 03-fragan.md); rename or remove it")
		}
	}
	if len(lessons) == 0 {
		l.add(id, 0, "the course has no lessons; the first is 01-….md")
	}
	ids := map[string]string{}
	before := 0
	for i, name := range lessons {
		file := path.Join(id, name)
		week, _ := strconv.Atoi(name[:2])
		l.follow(file, week, before)
		before = week
		lesson := l.letter(file, around.ofLesson(c, i+1, len(lessons)))
		if lesson == nil {
			continue
		}
		if first, taken := ids[lesson.ID]; taken {
			l.add(file, matterLine, "id %q is taken by %s; an id names one lesson for ever", lesson.ID, first)
		}
		ids[lesson.ID] = name
		c.Lessons = append(c.Lessons, lesson)
	}
	return c
}

// follow checks that a week comes right after the one before it.
func (l *loader) follow(file string, week, before int) {
	switch {
	case week == before:
		l.add(file, 0, "two lessons for week %02d; give each lesson its own week", week)
	case week > before+1:
		l.add(file, 0, "week %02d is missing; weeks follow each other without gaps", before+1)
	}
}

func (l *loader) settings(id string) *Course {
	file := path.Join(id, "course.toml")
	c := &Course{ID: id, Zone: time.UTC}
	if !idForm.MatchString(id) {
		l.add(id, 0, "a course's folder is named in lower case letters a–z, digits and hyphens")
	}
	var s courseSettings
	source, ok := l.decodeFile(file, &s)
	if !ok {
		return c
	}
	wrong := func(key, problem string, args ...any) {
		l.add(file, keyLine(source, key), key+": "+problem, args...)
	}
	if c.Title = s.Title; strings.TrimSpace(s.Title) == "" {
		wrong("title", "missing or empty")
	}
	if c.Weekday, ok = weekdayOf(s.Weekday); !ok {
		wrong("weekday", "%q is not a day; write monday, tuesday, …", s.Weekday)
	}
	if s.Hour == nil || *s.Hour < 0 || *s.Hour > 23 {
		wrong("hour", "write a whole hour, 0 to 23")
	} else {
		c.Hour = *s.Hour
	}
	for _, host := range s.Hosts {
		if !hostForm.MatchString(host) {
			wrong("hosts", "%q is not a host; write only its name, as in www.1177.se", host)
		}
	}
	c.Hosts = s.Hosts
	if c.Zone, ok = zoneOf(s.Zone); !ok {
		wrong("zone", wrongZone, s.Zone)
	}
	return c
}

const wrongZone = "%q is not a time zone; write its name, as in Europe/Stockholm"

// zoneOf finds a zone by its name; UTC where there is none. The machine's own is no
// zone, for it is another on another machine.
func zoneOf(name string) (*time.Location, bool) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return time.UTC, false
	}
	return zone, true
}

func weekdayOf(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(name, d.String()) {
			return d, true
		}
	}
	return 0, false
}
