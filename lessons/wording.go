package lessons

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Wall is the wording of the wall, from wall.toml. Its strings are shown as they stand,
// and those around the button are kept as evidence of consent: a changed comma is a new wording.
type Wall struct {
	Heading string `toml:"heading"`
	Line    string `toml:"line"`

	Email      string `toml:"email"`
	EmailHint  string `toml:"email_hint"`
	EmailError string `toml:"email_error"`

	Newsletter string `toml:"newsletter"`

	Button string `toml:"button"`
	Minute string `toml:"minute"`
	Terms  string `toml:"terms"`

	Confirm string `toml:"confirm"`
	Promise string `toml:"promise"`
	Relay   string `toml:"relay" holes:"relay"`
	Policy  string `toml:"policy"`

	Trap string `toml:"trap"`
}

// Pages is the wording of everything else that a reader meets on the site, from pages.toml.
type Pages struct {
	Site    SiteWords    `toml:"site"`
	Home    HomeWords    `toml:"home"`
	Article ArticleWords `toml:"article"`
	Form    FormWords    `toml:"form"`
	Inbox   InboxWords   `toml:"inbox"`
	Confirm ConfirmWords `toml:"confirm"`
	Leave   LeaveWords   `toml:"leave"`
	Problem ProblemWords `toml:"problem"`
	Export  ExportWords  `toml:"export"`
}

// SiteWords frame every page.
type SiteWords struct {
	Brand       string `toml:"brand"`
	Tagline     string `toml:"tagline"`
	Description string `toml:"description"`
	Skip        string `toml:"skip"`
	Publisher   string `toml:"publisher" holes:"brand publisher"`
	Number      string `toml:"number" holes:"number"`
	Contact     string `toml:"contact"`
	Privacy     string `toml:"privacy"`
}

// HomeWords greet whoever comes to "/".
type HomeWords struct {
	Title       string `toml:"title"`
	Lede        string `toml:"lede"`
	Facts       string `toml:"facts"`
	SignUp      string `toml:"sign_up"`
	Articles    string `toml:"articles"`
	Letters     string `toml:"letters"`
	LettersLine string `toml:"letters_line"`
}

// ArticleWords stand around an article; Opened is the banner while a confirm letter is on its way.
type ArticleWords struct {
	Kind        string `toml:"kind"`
	Minutes     string `toml:"minutes" holes:"minutes"`
	Opened      string `toml:"opened"`
	OpenedLine  string `toml:"opened_line"`
	Resend      string `toml:"resend"`
	Wrong       string `toml:"wrong"`
	OnwardTitle string `toml:"onward_title"`
	Onward      string `toml:"onward"`
}

// FormWords stand in for the wall's own where the form is alone.
type FormWords struct {
	Title  string `toml:"title"`
	Line   string `toml:"line"`
	Button string `toml:"button"`
}

// InboxWords are the neutral answer to a sign-up: the same whoever the address belongs to.
type InboxWords struct {
	Title       string `toml:"title"`
	Line        string `toml:"line"`
	Missing     string `toml:"missing"`
	MissingLine string `toml:"missing_line"`
	Again       string `toml:"again"`
}

// ConfirmWords stand on the page behind the confirm letter's button, before and after.
// Course and Read are buttons, and kept as evidence of what was chosen.
type ConfirmWords struct {
	Title      string `toml:"title"`
	Line       string `toml:"line"`
	Course     string `toml:"course"`
	CourseLine string `toml:"course_line"`
	Read       string `toml:"read"`
	ReadLine   string `toml:"read_line"`
	Newsletter string `toml:"newsletter"`
	Stranger   string `toml:"stranger"`

	DoneTitle  string `toml:"done_title"`
	DoneLine   string `toml:"done_line"`
	UsedTitle  string `toml:"used_title"`
	UsedLine   string `toml:"used_line"`
	UsedRead   string `toml:"used_read"`
	UsedButton string `toml:"used_button"`
	Article    string `toml:"article"`
	Home       string `toml:"home"`

	NameTitle  string `toml:"name_title"`
	NameLine   string `toml:"name_line"`
	Name       string `toml:"name"`
	NameButton string `toml:"name_button"`
	NameSaved  string `toml:"name_saved" holes:"name"`
	NameError  string `toml:"name_error"`

	ExpiredTitle string `toml:"expired_title"`
	ExpiredLine  string `toml:"expired_line"`
	UnknownTitle string `toml:"unknown_title"`
	UnknownLine  string `toml:"unknown_line"`
	Again        string `toml:"again"`
}

// LeaveWords stand on the page behind a letter's last link: the question, goodbye, and the way back.
type LeaveWords struct {
	Title  string `toml:"title"`
	Line   string `toml:"line" holes:"course"`
	Button string `toml:"button"`
	Stay   string `toml:"stay"`

	GoneTitle string `toml:"gone_title"`
	GoneLine  string `toml:"gone_line" holes:"course"`
	UndoLine  string `toml:"undo_line"`
	Undo      string `toml:"undo"`
	BackTitle string `toml:"back_title"`
	BackLine  string `toml:"back_line"`
	LateTitle string `toml:"late_title"`
	LateLine  string `toml:"late_line"`
	Again     string `toml:"again"`

	UnknownTitle string `toml:"unknown_title"`
	UnknownLine  string `toml:"unknown_line"`
}

// ProblemWords say what went wrong, and whose fault it was when it was ours.
type ProblemWords struct {
	MissingTitle string `toml:"missing_title"`
	MissingLine  string `toml:"missing_line"`
	MethodTitle  string `toml:"method_title"`
	MethodLine   string `toml:"method_line"`
	ForeignTitle string `toml:"foreign_title"`
	ForeignLine  string `toml:"foreign_line"`
	FormTitle    string `toml:"form_title"`
	FormLine     string `toml:"form_line"`
	BrokenTitle  string `toml:"broken_title"`
	BrokenLine   string `toml:"broken_line"`
	Home         string `toml:"home"`
}

// ExportWords are for who asks what is held about them: Words puts the keys of the export, and
// what stands under them, into the person's own language. What has no word stays as it is.
type ExportWords struct {
	Intro string            `toml:"intro"`
	Words map[string]string `toml:"words"`
}

// check says which texts are missing or empty, and which hold a hole that nothing would fill.
func (w Wall) check() error { return errors.Join(checkWords("", reflect.ValueOf(w))...) }

// check does the same for every table of pages.toml.
func (p Pages) check() error { return errors.Join(checkWords("", reflect.ValueOf(p))...) }

var hole = regexp.MustCompile(`\{[^}]*\}`)

func checkWords(table string, words reflect.Value) []error {
	var errs []error
	for i := range words.NumField() {
		field := words.Type().Field(i)
		key := table + field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			errs = append(errs, checkWords(key+".", words.Field(i))...)
			continue
		}
		if field.Type.Kind() == reflect.Map {
			continue // a word that is missing there is no fault
		}
		if err := checkText(key, words.Field(i).String(), strings.Fields(field.Tag.Get("holes"))); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func checkText(key, text string, holes []string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("key %q is missing or empty", key)
	}
	for _, found := range hole.FindAllString(text, -1) {
		if slices.Contains(holes, strings.Trim(found, "{}")) {
			continue
		}
		if len(holes) == 0 {
			return fmt.Errorf("key %q: nothing fills %s here", key, found)
		}
		return fmt.Errorf("key %q: nothing fills %s here (known: {%s})", key, found, strings.Join(holes, "}, {"))
	}
	return nil
}
