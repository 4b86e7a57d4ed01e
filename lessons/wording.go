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
	Quick      string `toml:"quick"`
	Late       string `toml:"late"`

	Newsletter string `toml:"newsletter"`

	Button string `toml:"button"`
	Minute string `toml:"minute"`
	Terms  string `toml:"terms"`

	Confirm string `toml:"confirm"`
	Promise string `toml:"promise"`
	Relay   string `toml:"relay" holes:"relay"`
	Policy  string `toml:"policy"`

	Member string `toml:"member"`
	Login  string `toml:"login"`

	Trap string `toml:"trap"`
}

// Pages is the wording of everything else that a reader meets on the site, from pages.toml.
type Pages struct {
	Site    SiteWords    `toml:"site"`
	Home    HomeWords    `toml:"home"`
	Article ArticleWords `toml:"article"`
	Webinar WebinarWords `toml:"webinar"`
	Letter  LetterWords  `toml:"letter"`
	Form    FormWords    `toml:"form"`
	Inbox   InboxWords   `toml:"inbox"`
	Confirm ConfirmWords `toml:"confirm"`
	Login   LoginWords   `toml:"login"`
	Leave   LeaveWords   `toml:"leave"`
	Problem ProblemWords `toml:"problem"`

	Questions QuestionWords `toml:"questions"`
	Export    ExportWords   `toml:"export"`
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

	Accessibility string `toml:"accessibility"`
	ImageAlt      string `toml:"image_alt"`
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

	Webinars      string `toml:"webinars"`
	Questions     string `toml:"questions"`
	QuestionsLine string `toml:"questions_line"`
	QuestionsLink string `toml:"questions_link"`
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

// WebinarWords stand around a webinar. Those of the wall are kept as evidence, as the wall's own;
// Pending is the banner while a confirm letter is on its way.
type WebinarWords struct {
	Kind       string `toml:"kind"`
	Minutes    string `toml:"minutes" holes:"minutes"`
	Coming     string `toml:"coming" holes:"day year from to"`
	Over       string `toml:"over" holes:"day year from to"`
	Cancelled  string `toml:"cancelled" holes:"day year from to"`
	Transcript string `toml:"transcript"`

	WallTitle  string `toml:"wall_title"`
	WallLine   string `toml:"wall_line"`
	WallButton string `toml:"wall_button"`

	Pending     string `toml:"pending"`
	PendingLine string `toml:"pending_line"`

	Where          string `toml:"where"`
	Calendar       string `toml:"calendar"`
	CalendarLine   string `toml:"calendar_line"`
	Struck         string `toml:"struck"`
	StruckLine     string `toml:"struck_line"`
	CalendarStruck string `toml:"calendar_struck"`
	Onward         string `toml:"onward"`
}

// LetterWords stand around a lesson on the web.
type LetterWords struct {
	Week        string `toml:"week" holes:"week weeks"`
	OwnTitle    string `toml:"own_title"`
	OwnLine     string `toml:"own_line"`
	OnwardTitle string `toml:"onward_title"`
	Before      string `toml:"before" holes:"week"`
	After       string `toml:"after" holes:"week"`
	All         string `toml:"all"`
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

// LoginWords stand on a member's way in on a new device, and out again: the form, the page that
// waits for the letter's code, the page behind the letter's link, and what may be the matter with it.
type LoginWords struct {
	Title  string `toml:"title"`
	Line   string `toml:"line"`
	Hint   string `toml:"hint"`
	Button string `toml:"button"`
	New    string `toml:"new"`
	SignUp string `toml:"sign_up"`

	CodeTitle   string `toml:"code_title"`
	CodeLine    string `toml:"code_line"`
	Code        string `toml:"code"`
	CodeHint    string `toml:"code_hint"`
	CodeError   string `toml:"code_error"`
	CodeButton  string `toml:"code_button"`
	Missing     string `toml:"missing"`
	MissingLine string `toml:"missing_line"`
	Again       string `toml:"again"`

	OpenTitle  string `toml:"open_title"`
	OpenLine   string `toml:"open_line"`
	OpenButton string `toml:"open_button"`
	Stranger   string `toml:"stranger"`
	InTitle    string `toml:"in_title"`
	InLine     string `toml:"in_line"`

	OtherTitle   string `toml:"other_title"`
	OtherLine    string `toml:"other_line"`
	OtherLink    string `toml:"other_link"`
	UsedTitle    string `toml:"used_title"`
	UsedLine     string `toml:"used_line"`
	ExpiredTitle string `toml:"expired_title"`
	ExpiredLine  string `toml:"expired_line"`
	UnknownTitle string `toml:"unknown_title"`
	UnknownLine  string `toml:"unknown_line"`

	Out      string `toml:"out"`
	OutTitle string `toml:"out_title"`
	OutLine  string `toml:"out_line"`
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

// QuestionWords stand around readers' questions: published, being asked, and on the page that
// letters about them lead to. What stands around a button is kept as evidence of the yes or no.
type QuestionWords struct {
	Title  string `toml:"title"`
	Lede   string `toml:"lede"`
	None   string `toml:"none"`
	Asks   string `toml:"asks" holes:"signature"`
	Answer string `toml:"answer"`
	Onward string `toml:"onward"`

	AskTitle       string `toml:"ask_title"`
	AskLine        string `toml:"ask_line"`
	Text           string `toml:"text"`
	TextHint       string `toml:"text_hint"`
	TextError      string `toml:"text_error"`
	Signature      string `toml:"signature"`
	SignatureHint  string `toml:"signature_hint"`
	SignatureError string `toml:"signature_error"`
	NextTitle      string `toml:"next_title"`
	Next           string `toml:"next"`
	Kept           string `toml:"kept"`
	Ask            string `toml:"ask"`
	Many           string `toml:"many"`
	Unreachable    string `toml:"unreachable"`
	Confirm        string `toml:"confirm"`
	SentTitle      string `toml:"sent_title"`
	SentLine       string `toml:"sent_line"`
	StrangerLine   string `toml:"stranger_line"`
	StrangerSignUp string `toml:"stranger_sign_up"`
	StrangerLogIn  string `toml:"stranger_log_in"`

	WordingTitle string `toml:"wording_title"`
	WordingLine  string `toml:"wording_line"`
	Reworded     string `toml:"reworded"`
	Approve      string `toml:"approve"`
	ApproveLine  string `toml:"approve_line"`
	Refuse       string `toml:"refuse"`
	RefuseLine   string `toml:"refuse_line"`
	Change       string `toml:"change"`

	PublishedTitle string `toml:"published_title"`
	PublishedLine  string `toml:"published_line" holes:"signature"`
	Read           string `toml:"read"`
	TakeBackLine   string `toml:"take_back_line"`
	TakeBack       string `toml:"take_back"`
	DeclinedTitle  string `toml:"declined_title"`
	DeclinedLine   string `toml:"declined_line"`
	LapsedTitle    string `toml:"lapsed_title"`
	LapsedLine     string `toml:"lapsed_line"`
	WithdrawnTitle string `toml:"withdrawn_title"`
	WithdrawnLine  string `toml:"withdrawn_line"`
	AskAgain       string `toml:"ask_again"`
	UnknownTitle   string `toml:"unknown_title"`
	UnknownLine    string `toml:"unknown_line"`
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
