package course

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// asksIn has somebody ask to be let in on a browser, and a worker carries it out.
func (st *story) asksIn(now time.Time, email, browser string) {
	st.Helper()
	st.must(st.AskLogin(st.ctx, now, LoginWish{Email: email, Browser: browser, Article: "laget"}))
	st.carriedOut(now)
}

// reader is somebody who has confirmed, and wants only to read.
func (st *story) reader(now time.Time, emails ...string) {
	st.Helper()
	for _, email := range emails {
		st.signUp(now, email)
		st.deliver(now)
		st.confirmed(now, email, "")
	}
}

// letters are somebody's letters of a kind.
func (st *story) letters(email, kind string) int {
	st.Helper()
	return st.count(`select count(*) from deliveries d join subscribers s on s.id = subscriber_id
		where email = $1 and starts_with(letter, $2)`, email, kind+":")
}

func (st *story) wantLink(now time.Time, token string, state InvitationState, article string) {
	st.Helper()
	var link LoginLink
	var err error
	st.unchanged("reading a login link", func() { link, err = st.LoginLink(st.ctx, now, token) })
	st.must(err)
	if want := (LoginLink{State: state, Article: article}); link != want {
		st.Errorf("the link is %+v, want %+v", link, want)
	}
}

func (st *story) wantIn(now time.Time, email string, in LoggedIn, err error) {
	st.Helper()
	st.must(err)
	reader, err := st.Reader(st.ctx, now, in.Session)
	if id := st.key(email, "confirm:1").SubscriberID; err != nil || reader.SubscriberID != id || in.Article != "laget" {
		st.Errorf("%+v, of reader %d, %v, want %s's session and her article", in, reader.SubscriberID, err, email)
	}
}

// Anna asks on her telephone and opens the letter there.
func TestAnnaLogsInByTheLink(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	now = now.Add(time.Hour)
	st.asksIn(now, anna, "telefon")
	if n := st.deliver(now); n != 1 {
		t.Fatalf("%d letters came, want the login letter", n)
	}
	token := st.LoginToken(st.key(anna, "login:1"))
	st.wantLink(now, token, InvitationOpen, "laget")
	in, err := st.Login(st.ctx, now.Add(29*time.Minute), token, "telefon")
	st.wantIn(now, anna, in, err)
	st.wantLink(now.Add(29*time.Minute), token, InvitationUsed, "laget")

	for what, again := range map[string]error{
		"the link": second(st.Login(st.ctx, now.Add(29*time.Minute), token, "telefon")),
		"the code": second(st.LoginByCode(st.ctx, now.Add(29*time.Minute), "telefon", st.LoginCode(st.key(anna, "login:1")))),
	} {
		if !errors.Is(again, ErrExpired) {
			t.Errorf("%s once more: %v, want ErrExpired", what, again)
		}
	}
	st.must(st.Logout(st.ctx, in.Session))
	if _, err := st.Reader(st.ctx, now, in.Session); !errors.Is(err, ErrNoSession) {
		t.Errorf("having logged out: %v, want ErrNoSession", err)
	}
	st.must(st.Logout(st.ctx, in.Session))

	now = now.Add(time.Hour) // on the same telephone
	st.asksIn(now, anna, "telefon")
	in, err = st.Login(st.ctx, now, st.LoginToken(st.key(anna, "login:2")), "telefon")
	st.wantIn(now, anna, in, err)
}

// She opens the letter on the computer at work: the link signs nobody in there,
// and the code does on her telephone, as she types it.
func TestALoginLinkIsOfUseInTheBrowserThatAskedAlone(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.asksIn(now, anna, "telefon")
	d := st.key(anna, "login:1")
	st.unchanged("the link elsewhere", func() {
		for _, browser := range []string{"dator", "", "Telefon"} {
			if _, err := st.Login(st.ctx, now, st.LoginToken(d), browser); !errors.Is(err, ErrOtherBrowser) {
				t.Errorf("in browser %q: %v, want ErrOtherBrowser", browser, err)
			}
			if _, err := st.LoginByCode(st.ctx, now, browser, st.LoginCode(d)); !errors.Is(err, ErrExpired) {
				t.Errorf("the code in browser %q: %v, want ErrExpired", browser, err)
			}
		}
	})
	code := st.LoginCode(d)
	for _, like := range []string{code[:5], code + "0", ""} {
		if _, err := st.LoginByCode(st.ctx, now, "telefon", like); !errors.Is(err, ErrCode) {
			t.Errorf("%q for %q: %v, want ErrCode", like, code, err)
		}
	}
	in, err := st.LoginByCode(st.ctx, now, "telefon", " "+code[:3]+" "+code[3:])
	st.wantIn(now, anna, in, err)
}

func TestALoginLettersLifeIsHalfAnHour(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.asksIn(now, anna, "telefon")
	d := st.key(anna, "login:1")
	late := now.Add(30 * time.Minute)
	st.wantLink(late.Add(-time.Second), st.LoginToken(d), InvitationOpen, "laget")
	st.wantLink(late, st.LoginToken(d), InvitationExpired, "laget")
	for what, err := range map[string]error{
		"the link":     second(st.Login(st.ctx, late, st.LoginToken(d), "telefon")),
		"the code":     second(st.LoginByCode(st.ctx, late, "telefon", st.LoginCode(d))),
		"a wrong code": second(st.LoginByCode(st.ctx, late, "telefon", "fel")),
	} {
		if !errors.Is(err, ErrExpired) {
			t.Errorf("%s: %v, want ErrExpired", what, err)
		}
	}
	for _, token := range []string{st.ConfirmToken(d), st.LoginToken(d)[1:], st.LoginToken(DeliveryKey{d.SubscriberID, d.ID + 1}), st.LoginToken(st.key(anna, "confirm:1"))} {
		if _, err := st.LoginLink(st.ctx, now, token); !errors.Is(err, ErrToken) {
			t.Errorf("link %s: %v, want ErrToken", token, err)
		}
		if _, err := st.Login(st.ctx, now, token, "telefon"); !errors.Is(err, ErrToken) {
			t.Errorf("logging in by %s: %v, want ErrToken", token, err)
		}
	}
}

// The worker was away for an hour: the half-hour counts from when the letter came.
func TestALoginLetterThatComesLateWorks(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.must(st.AskLogin(st.ctx, now, LoginWish{Email: anna, Browser: "telefon", Article: "laget"}))
	st.carriedOut(now.Add(time.Hour))
	in, err := st.Login(st.ctx, now.Add(89*time.Minute), st.LoginToken(st.key(anna, "login:1")), "telefon")
	st.wantIn(now, anna, in, err)
}

func TestACodeCanBeGuessedFiveTimes(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna, bo)
	wrong := func(email string, n int) string { // another one each time
		right := st.LoginCode(st.key(email, "login:1"))
		return fmt.Sprintf("%06d", (int(right[0]-'0')*100_000+n+1)%1_000_000)
	}
	for email, wrongs := range map[string]int{anna: 4, bo: 5} {
		st.asksIn(now, email, email)
		for n := range wrongs {
			code := wrong(email, n)
			if code == st.LoginCode(st.key(email, "login:1")) {
				code = "x"
			}
			if _, err := st.LoginByCode(st.ctx, now, email, code); !errors.Is(err, ErrCode) {
				t.Errorf("try %d of %s: %v, want ErrCode", n+1, email, err)
			}
		}
	}
	in, err := st.LoginByCode(st.ctx, now, anna, st.LoginCode(st.key(anna, "login:1")))
	st.wantIn(now, anna, in, err)
	if _, err := st.LoginByCode(st.ctx, now, bo, st.LoginCode(st.key(bo, "login:1"))); !errors.Is(err, ErrExpired) {
		t.Errorf("the right code after five wrong ones: %v, want ErrExpired", err)
	}
	now = now.Add(time.Hour) // a new letter has tries of its own
	st.asksIn(now, bo, bo)
	in, err = st.LoginByCode(st.ctx, now, bo, st.LoginCode(st.key(bo, "login:2")))
	st.wantIn(now, bo, in, err)
}

// A hundred guesses at once are no more than five.
func TestCodesAreCountedAlsoWhenTheyComeAtOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.asksIn(now, anna, "telefon")
	errs := make([]error, 100)
	together(100, func(i int) { _, errs[i] = st.LoginByCode(st.ctx, now, "telefon", "gissning") })
	tried := 0
	for _, err := range errs {
		if errors.Is(err, ErrCode) {
			tried++
		} else if !errors.Is(err, ErrExpired) {
			t.Error(err)
		}
	}
	if tried != 5 {
		t.Errorf("%d of them were compared, want 5", tried)
	}
}

func TestTwoWhoLogInAtOnceAreOne(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.asksIn(now, anna, "telefon")
	before := st.count(`select count(*) from sessions`)
	errs := make([]error, 10)
	together(10, func(i int) {
		_, errs[i] = st.Login(st.ctx, now, st.LoginToken(st.key(anna, "login:1")), "telefon")
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrExpired) {
			t.Errorf("%v, want ErrExpired", err)
		}
	}
	if n := st.count(`select count(*) from sessions`) - before; won != 1 || n != 1 {
		t.Errorf("%d logged in, with %d sessions, want one", won, n)
	}
}

// The newest request of a browser counts, whoever's it is.
func TestANewRequestTakesTheOldOnesPlace(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna, bo)
	st.asksIn(now, anna, "telefon")
	st.asksIn(now, bo, "dator")
	later := now.Add(11 * time.Minute)
	st.asksIn(later, anna, "telefon")
	first, newest := st.key(anna, "login:1"), st.key(anna, "login:2")
	st.wantLink(later, st.LoginToken(first), InvitationExpired, "")
	if _, err := st.Login(st.ctx, later, st.LoginToken(first), "telefon"); !errors.Is(err, ErrExpired) {
		t.Errorf("the first link: %v, want ErrExpired", err)
	}
	if _, err := st.LoginByCode(st.ctx, later, "telefon", st.LoginCode(first)); !errors.Is(err, ErrCode) {
		t.Errorf("the first code: %v, want ErrCode", err)
	}
	st.asksIn(later, "ingen@exempel.se", "dator") // nobody; bo's letter is of no use any more
	if _, err := st.Login(st.ctx, later, st.LoginToken(st.key(bo, "login:1")), "dator"); !errors.Is(err, ErrExpired) {
		t.Errorf("bo's link after another request: %v, want ErrExpired", err)
	}
	in, err := st.Login(st.ctx, later, st.LoginToken(newest), "telefon")
	st.wantIn(later, anna, in, err)
}

// Who gets which letter. What the browser can find out is the same for all.
func TestALoginLetterGoesToReadersWhoHaveConfirmed(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	people := map[string]struct{ login, confirm int }{ // letters more
		"laser@exempel.se":   {1, 0},
		"slutat@exempel.se":  {1, 0}, // left all there was; the access stays
		"vantar@exempel.se":  {0, 1},
		"nyss@exempel.se":    {0, 0}, // had a confirm letter five minutes ago
		"borta@exempel.se":   {0, 0}, // bounced
		"klagade@exempel.se": {0, 0},
		"redax@exempel.se":   {0, 0}, // staff
		"okand@exempel.se":   {0, 0},
	}
	st.reader(now, "laser@exempel.se", "borta@exempel.se", "klagade@exempel.se")
	st.joined(now, "slutat@exempel.se")
	st.must(st.UnsubscribeAddress(st.ctx, now, "slutat@exempel.se"))
	st.signUp(now, "vantar@exempel.se")
	st.tested(1, "redax@exempel.se")
	st.suppress(now, "borta@exempel.se", "bounce")
	st.suppress(now, "klagade@exempel.se", "complaint")
	now = now.Add(time.Hour)
	st.signUp(now.Add(-5*time.Minute), "nyss@exempel.se")

	for email, want := range people {
		login, confirm := st.letters(email, "login"), st.letters(email, "confirm")
		st.asksIn(now, email, "telefon "+email)
		if l, c := st.letters(email, "login")-login, st.letters(email, "confirm")-confirm; l != want.login || c != want.confirm {
			t.Errorf("%s got %d login and %d confirm letters, want %+v", email, l, c, want)
		}
		var told []string
		for n := range 7 {
			_, err := st.LoginByCode(st.ctx, now, "telefon "+email, fmt.Sprint("fel", n))
			told = append(told, map[bool]string{true: "wrong", false: "over"}[errors.Is(err, ErrCode)])
		}
		st.asksIn(now.Add(5*time.Minute), email, "telefon "+email) // too soon: nothing new, no tries either
		_, err := st.LoginByCode(st.ctx, now.Add(5*time.Minute), "telefon "+email, "fel")
		if got := strings.Join(told, " "); got != "wrong wrong wrong wrong wrong over over" || !errors.Is(err, ErrExpired) {
			t.Errorf("of %s a browser is told %s, and then %v", email, got, err)
		}
	}
	if got := st.ledger("okand@exempel.se"); len(got) != 0 {
		t.Errorf("nobody has %v", got)
	}
}

func (st *story) suppress(now time.Time, email, why string) {
	st.Helper()
	st.must(st.transact(st.ctx, "suppress", func(tx *sqlx.Tx) error {
		_, err := suppress(st.ctx, tx, now, st.key(email, "confirm:1").SubscriberID, why)
		return err
	}))
}

// Login letters are as few as confirm letters, and are counted apart from them.
func TestLoginLettersToOneAddressAreFew(t *testing.T) {
	st := begin(t)
	st.reader(at("2026-11-01 10:00"), anna)
	for n := range 4 { // her confirm letters are counted apart
		st.signUp(at("2026-11-02 10:00").AddDate(0, 0, n), anna)
	}
	letters := 0
	for _, c := range []struct {
		at    string
		comes bool
	}{
		{"2026-11-05 10:00:00", true},
		{"2026-11-05 10:09:59", false},
		{"2026-11-05 10:10:00", true},
		{"2026-11-05 10:20:00", true},
		{"2026-11-05 10:30:00", false}, // three a day
		{"2026-11-06 10:00:00", true},
		{"2026-11-20 12:00:00", true},
		{"2026-11-21 12:00:00", false}, // five a month
		{"2026-12-05 10:00:00", true},
	} {
		st.asksIn(at(c.at), anna, "telefon")
		now := st.letters(anna, "login")
		if comes := now > letters; comes != c.comes || now > letters+1 {
			t.Errorf("at %s: %d letters more, want one: %v", c.at, now-letters, c.comes)
		}
		letters = now
	}
	if n := st.count(`select cardinality(login_asked_at) from addresses`); n > 5 {
		t.Errorf("%d moments are kept of an address, want those of a month", n)
	}
}

// Whether the relay took it nobody knows: she can ask again, and no second copy of
// a letter that lets in goes out. A bounce takes back one that waits.
func TestALoginLetterIsNeverRepeated(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna, bo)
	st.asksIn(now, anna, "telefon")
	c := st.claimOne(now)
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot})
	_, err := st.EndQuarantine(st.ctx, now.Add(time.Hour), Quarantine)
	st.must(err)
	st.asksIn(now, bo, "dator")
	st.suppress(now, bo, "bounce")
	for _, email := range []string{anna, bo} {
		if got := st.ledger(email); !slices.Contains(got, "login:1 cancelled") {
			t.Errorf("%s has %v, want the login letter cancelled", email, got)
		}
	}
	if n := st.deliver(now.Add(2 * time.Hour)); n != 0 {
		t.Errorf("%d letters went out", n)
	}
}

// P7: a thief of the database can log in as nobody, neither by what stands there
// nor by asking with it.
func TestADumpLogsNobodyIn(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.reader(now, anna)
	st.asksIn(now, anna, "annas telefon")
	d := st.key(anna, "login:1")
	dump := st.dump()
	for what, secret := range map[string]string{"the token": st.LoginToken(d), "the code": st.LoginCode(d), "the browser": "annas telefon"} {
		if strings.Contains(dump, secret) || strings.Contains(dump, fmt.Sprintf("%x", secret)) {
			t.Errorf("a dump holds %s", what)
		}
	}
	hash := fmt.Sprintf("%x", hashed("annas telefon"))
	if !strings.Contains(dump, hash) {
		t.Error("the dump lacks what it should hold: the look was in vain")
	}
	for _, browser := range []string{hash, string(hashed("annas telefon"))} {
		if _, err := st.Login(st.ctx, now, st.LoginToken(d), browser); !errors.Is(err, ErrOtherBrowser) {
			t.Errorf("by the hash of a browser: %v, want ErrOtherBrowser", err)
		}
	}
}

// What is of no use any more does not pile up.
func TestOldRequestsToLogInAreForgotten(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	for n := range 5 {
		st.asksIn(now, "okand@exempel.se", fmt.Sprint("browser ", n))
		now = now.Add(11 * time.Minute)
	}
	st.asksIn(now.AddDate(0, 0, 2), "okand@exempel.se", "browser")
	if n := st.count(`select count(*) from logins`); n != 1 {
		t.Errorf("%d requests are kept, want the new one", n)
	}
}
