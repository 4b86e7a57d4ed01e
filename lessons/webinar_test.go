package lessons

import (
	"strings"
	"testing"
	"time"
)

func TestLoadReadsWebinarsSoonestFirst(t *testing.T) {
	t.Parallel()
	l := load(t, nil)
	if len(l.Webinars) != 2 || l.Webinars[0].Slug != "varmt-vatten" || l.Webinars[1].Slug != "te" {
		t.Fatalf("got %+v, want the one in June before the one in January", l.Webinars)
	}
	te := l.Webinar("te")
	if te != l.Webinars[1] || l.Webinar("kaffe") != nil {
		t.Errorf("te is found as %v, and kaffe as %v, which does not exist", te, l.Webinar("kaffe"))
	}
	if want := time.Date(2027, time.January, 21, 14, 0, 0, 0, time.UTC); !te.Starts.Equal(want) || te.Starts.Location().String() != "Europe/Stockholm" {
		t.Errorf("starts %v, want 15:00 in Stockholm, %v", te.Starts, want)
	}
	if te.Title != "Te klockan tre" || te.Lede != "Om te." || te.Minutes != 40 || te.Place != "Länken kommer samma morgon." {
		t.Errorf("got %+v, want the words of its file", te)
	}
	if want := time.Date(2026, time.November, 17, 0, 0, 0, 0, time.UTC); te.UID != "te" || te.Sequence != 0 || te.Cancelled || te.Transcript || !te.Changed.Equal(want) {
		t.Errorf("got %+v, want uid te, unchanged since it was written on %v", te, want)
	}
	if te.Teaser != "<p>Vi ses.</p>\n" || te.Rest != "<h2 id=\"fortsatt\" tabindex=\"-1\">Programmet</h2>\n<p>Först vatten.</p>\n" {
		t.Errorf("got teaser %q and rest %q", te.Teaser, te.Rest)
	}
	old := l.Webinars[0]
	if want := time.Date(2026, time.June, 1, 13, 0, 0, 0, time.UTC); !old.Starts.Equal(want) {
		t.Errorf("starts %v, want 15:00 in summer, %v", old.Starts, want)
	}
	if old.UID != "vatten" || old.Sequence != 2 || !old.Cancelled || !old.Transcript {
		t.Errorf("got %+v, want vatten, changed twice and cancelled, with a transcript", old)
	}
}

func TestLoadRefusesAWrongWebinar(t *testing.T) {
	t.Parallel()
	const te, vatten = "webinars/te.md", "webinars/varmt-vatten.md"
	for _, c := range []struct{ name, file, old, new, want string }{
		{"unknown key", te, "minutes =", "minuter =", `webinars/te.md:6: unknown key "minuter" (known: title, lede, starts, zone, minutes, place, uid, sequence, changed, cancelled, transcript)`},
		{"no title", te, "title = \"Te klockan tre\"\n", "", `webinars/te.md:2: title: missing or empty`},
		{"lede", te, `"Om te."`, `" "`, `webinars/te.md:3: lede: missing or empty`},
		{"no place", te, "place = \"Länken kommer samma morgon.\"\n", "", `webinars/te.md:2: place: missing or empty`},
		{"place on two lines", te, `"Länken kommer samma morgon."`, `"Länken\nkommer."`, `webinars/te.md:7: place: must stand on one line`},
		{"a day without a time", te, "2027-01-21 15:00", "2027-01-21", `webinars/te.md:4: starts: write a day and a time of day, as in "2027-01-21 12:10"`},
		{"a time with seconds", te, "15:00", "15:00:00", `webinars/te.md:4: starts: write a day and a time of day, as in "2027-01-21 12:10"`},
		{"no such day", te, "2027-01-21", "2027-02-30", `webinars/te.md:4: starts: write a day and a time of day, as in "2027-01-21 12:10"`},
		{"no such time that day", te, "2027-01-21 15:00", "2027-03-28 02:30", `webinars/te.md:4: starts: the clocks of Europe/Stockholm are put forward past 2027-03-28 02:30; write another time`},
		{"a TOML date", te, `"2027-01-21 15:00"`, `2027-01-21`, `webinars/te.md:4: key "starts": incompatible types: TOML value has type time.Time; destination has type string`},
		{"zone", te, "Europe/Stockholm", "Stockholm", `webinars/te.md:5: zone: "Stockholm" is not a time zone; write its name, as in Europe/Stockholm`},
		{"the machine's own zone", te, "Europe/Stockholm", "Local", `webinars/te.md:5: zone: "Local" is not a time zone; write its name, as in Europe/Stockholm`},
		{"no zone", te, "zone = \"Europe/Stockholm\"\n", "", `webinars/te.md:2: zone: "" is not a time zone; write its name, as in Europe/Stockholm`},
		{"minutes", te, "minutes = 40", "minutes = 0", `webinars/te.md:6: minutes: write how many minutes it lasts, 1 or more`},
		{"changed", te, "2026-11-17", "i dag", `webinars/te.md:8: changed: write the day when the file was last changed, as in "2026-11-17"`},
		{"uid", vatten, `"vatten"`, `"Vatten 1"`, `webinars/varmt-vatten.md:8: uid: "Vatten 1": write lower case letters a–z, digits and hyphens`},
		{"uid taken", vatten, `"vatten"`, `"te"`, `webinars/varmt-vatten.md:2: uid "te" is taken by te.md; calendars know one webinar by it for ever`},
		{"sequence", vatten, "sequence = 2", "sequence = -1", `webinars/varmt-vatten.md:9: sequence: write 0, and raise it by 1 with every change of time or place`},
		{"cancelled without a word", vatten, "sequence = 2", "sequence = 0", `webinars/varmt-vatten.md:9: sequence: raise it when you cancel; calendars take no notice of a change with the number they have`},
		{"cancelled", vatten, "cancelled = true", `cancelled = "ja"`, `webinars/varmt-vatten.md:11: key "cancelled": incompatible types: TOML value has type string; destination has type boolean`},

		{"no wall", te, "<!-- wall -->", "", `webinars/te.md: no line <!-- wall -->; put one where the teaser ends`},
		{"script link", te, "Vi ses.", "[Vi](javascript:x) ses.", `webinars/te.md:11: the link "javascript:x" must begin with https:// or mailto: or /`},
		{"field behind the wall", te, "Först vatten.", "Först, {{.Name}}.", `webinars/te.md:17: {{.Name}}: this text has no fields`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Load(house(t, edited(t, c.file, c.old, c.new))); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoadTellsAllThatIsWrongWithAWebinar(t *testing.T) {
	t.Parallel()
	_, err := Load(house(t, map[string]string{
		"webinars/te.md":    strings.NewReplacer("15:00", "kl 3", "40", "-4", "<!-- wall -->", "").Replace(smallHouse["webinars/te.md"]),
		"webinars/Nytt.md":  "x",
		"webinars/te.toml":  "x",
		"webinars/README":   "Så skriver vi.",
		"webinars/bild.png": "x",
	}))
	want := `webinars/Nytt.md: a webinar's file is named in lower case letters a–z, digits and hyphens, and .md; rename or remove it
webinars/te.md: no line <!-- wall -->; put one where the teaser ends
webinars/te.md:4: starts: write a day and a time of day, as in "2027-01-21 12:10"
webinars/te.md:6: minutes: write how many minutes it lasts, 1 or more
webinars/te.toml: a webinar's file is named in lower case letters a–z, digits and hyphens, and .md; rename or remove it`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// A webinar that has moved keeps its place in members' calendars.
func TestAWebinarsUIDOutlivesItsFile(t *testing.T) {
	t.Parallel()
	moved := strings.Replace(smallHouse["webinars/te.md"], "minutes = 40", "minutes = 40\nuid = \"te\"\nsequence = 1", 1)
	l := load(t, map[string]string{"webinars/te.md": "", "webinars/te-pa-torsdag.md": moved})
	w := l.Webinar("te-pa-torsdag")
	if w == nil || w.UID != "te" || w.Sequence != 1 {
		t.Errorf("got %+v, want te, changed once", w)
	}
}
