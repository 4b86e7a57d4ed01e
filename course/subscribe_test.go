package course

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// evidence tells what is kept of somebody's consent.
func (st *story) evidence(email string) []string {
	st.Helper()
	return st.lines(`
		select concat_ws(' ', purpose, event, to_char(at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI'), method, form, article, text(ip), '"' || text || '"')
		from consents c left join wordings on hash = wording join subscribers s on s.id = subscriber_id
		where email = $1 order by c.id`, email)
}

func (st *story) wantEvidence(email string, want ...string) {
	st.Helper()
	if got := st.evidence(email); !slices.Equal(got, want) {
		st.Errorf("evidence of %s:\n%s\nwant:\n%s", email, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAnnaSignsUpAtTheWall(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.asks(now, SignUp{
		Email: " Anna@Exempel.SE ", Newsletter: true, Article: "laget", Form: "/artiklar/laget", IP: netip.MustParseAddr("192.0.2.77"),
		Access: "Du får läsa.", NewsletterWording: "Ja, skicka nyhetsbrevet.",
	})

	p, err := st.Show(st.ctx, anna)
	st.must(err)
	if p.Email != anna || p.State != "pending" || p.Kind != "reader" || p.Newsletter || p.ConfirmedAt != nil || !p.CreatedAt.Equal(now) {
		t.Errorf("anna is %+v", p)
	}
	st.wantEvidence(anna,
		`access asked 2026-11-05 10:00 form /artiklar/laget laget 192.0.2.0/24 "Du får läsa."`,
		`newsletter asked 2026-11-05 10:00 form /artiklar/laget laget 192.0.2.0/24 "Ja, skicka nyhetsbrevet."`)
	if got := st.ledger(anna); !slices.Equal(got, []string{"confirm:1 queued"}) {
		t.Errorf("anna has %v, want one confirm letter", got)
	}
	hash := sha256.Sum256([]byte("Du får läsa."))
	if n := st.count(`select count(*) from wordings where hash = $1`, hash[:]); n != 1 {
		t.Errorf("the wording stands %d times under its hash, want once", n)
	}
}

func TestAnAddressThatCannotBeIsRefusedAndLeavesNoTrace(t *testing.T) {
	st := begin(t)
	st.unchanged("a bad address", func() {
		if err := st.Subscribe(st.ctx, at("2026-11-05 10:00"), SignUp{Email: "anna@"}); !errors.Is(err, ErrAddress) {
			t.Errorf("%v, want ErrAddress", err)
		}
	})
}

func TestTheBoxNotTickedLeavesNoNewsletterEvidence(t *testing.T) {
	st := begin(t)
	st.asks(at("2026-11-05 10:00"), SignUp{Email: anna, Form: "/anmalan", Access: "Läs.", NewsletterWording: "Ja, nyhetsbrevet."})
	st.wantEvidence(anna, `access asked 2026-11-05 10:00 form /anmalan  "Läs."`)
}

func TestAnIPAddressIsCutBeforeItIsKept(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.77":                    "192.0.2.0/24",
		"::ffff:192.0.2.77":             "192.0.2.0/24", // IPv4 in IPv6
		"2001:db8:1234:5678:9:a:b:c":    "2001:db8:1234::/48",
		"fe80::1234:5678:9abc:def0%en0": "fe80::/48",
		"255.255.255.255":               "255.255.255.0/24",
		"::1":                           "::/48",
	} {
		if got := truncate(netip.MustParseAddr(ip)); got == nil || *got != want {
			t.Errorf("%s is kept as %v, want %s", ip, got, want)
		}
	}
	if got := truncate(netip.Addr{}); got != nil {
		t.Errorf("no address is kept as %s", *got)
	}
}

// In many spellings, within a millisecond, by many, and carried out by many workers.
func TestRow65AnnaSignsUpManyTimesAtOnce(t *testing.T) {
	st := begin(t)
	spellings := []string{"anna@räksmörgås.se", "ANNA@RÄKSMÖRGÅS.SE", "anna@xn--rksmrgs-5wao1o.se", " Anna@ra\u0308ksmo\u0308rga\u030as.se"}
	now := at("2026-11-05 10:00")
	errs := make([]error, 24)
	together(24, func(i int) {
		errs[i] = st.Subscribe(st.ctx, now.Add(time.Duration(i)*time.Microsecond), SignUp{Email: spellings[i%4], Article: "laget", Access: "Läs."})
	})
	st.must(errors.Join(errs...))
	st.carriedOutByMany(now)
	together(24, func(i int) { // and again, now that she is known
		errs[i] = st.Subscribe(st.ctx, now.Add(20*time.Minute), SignUp{Email: spellings[i%4], Article: "laget", Access: "Läs."})
	})
	st.must(errors.Join(errs...))
	st.carriedOutByMany(now.Add(20 * time.Minute))
	for what, query := range map[string]string{
		"left":            `select 2 + count(*) from signups`,
		"subscribers":     `select 2 * count(*) from subscribers`,
		"addresses":       `select 2 * count(*) from addresses`,
		"confirm letters": `select count(*) from deliveries`,
		"asked":           `select count(*) from consents where event = 'asked'`,
		"counted letters": `select cardinality(asked_at) from addresses`,
	} {
		if n := st.count(query); n != 2 {
			t.Errorf("%s: %d, want one person, and one of each at each time", what, n)
		}
	}
}

// carriedOutByMany has workers carry out what waits all at once, until none is left.
func (st *story) carriedOutByMany(now time.Time) {
	st.Helper()
	together(6, func(int) {
		deadline := time.Now().Add(time.Minute)
		for waiting := 1; waiting > 0 && time.Now().Before(deadline); {
			if _, err := st.TakeSignUps(st.ctx, now); err != nil {
				st.Error(err)
				return
			}
			if err := st.db.Get(&waiting, `select count(*) from signups`); err != nil {
				st.Error(err)
				return
			}
		}
	})
}

// Per address: one confirm letter in ten minutes, three a day, five a month.
func TestConfirmLettersToOneAddressAreFew(t *testing.T) {
	st := begin(t)
	letters := 0
	for _, c := range []struct {
		at    string
		comes bool
	}{
		{"2026-11-05 10:00:00", true},
		{"2026-11-05 10:00:01", false},
		{"2026-11-05 10:09:59", false},
		{"2026-11-05 10:10:00", true},
		{"2026-11-05 10:20:00", true},
		{"2026-11-05 10:30:00", false}, // three a day
		{"2026-11-06 09:59:59", false},
		{"2026-11-06 10:00:00", true},
		{"2026-11-20 12:00:00", true},
		{"2026-11-21 12:00:00", false}, // five a month
		{"2026-12-05 09:59:59", false},
		{"2026-12-05 10:00:00", true},
		{"2026-12-05 10:10:00", true}, // those of 10:10 and earlier are over
		{"2026-12-05 10:20:00", true},
		{"2026-12-05 10:40:00", false},
	} {
		st.signUp(at(c.at), anna)
		now := st.count(`select count(*) from deliveries`)
		if comes := now > letters; comes != c.comes || now > letters+1 {
			t.Errorf("at %s: %d letters more, want one: %v", c.at, now-letters, c.comes)
		}
		letters = now
	}
	if n := st.count(`select cardinality(asked_at) from addresses`); n > 5 {
		t.Errorf("%d moments are kept of an address, want those of a month", n)
	}
	st.signUp(at("2026-11-05 10:00:01"), bo) // others are not concerned
	if got := st.ledger(bo); len(got) != 1 {
		t.Errorf("bo has %v, want one letter", got)
	}
}

func TestASignUpWithoutALetterIsStillEvidence(t *testing.T) {
	st := begin(t)
	st.signUp(at("2026-11-05 10:00"), anna)
	st.signUp(at("2026-11-05 10:05"), anna) // the same question
	st.asks(at("2026-11-05 10:06"), SignUp{Email: anna, Article: "motet", Access: "Läs."})
	st.signUp(at("2026-11-05 10:11"), anna)
	st.wantEvidence(anna,
		`access asked 2026-11-05 10:00 form /artiklar/laget laget "Du får läsa."`,
		`access asked 2026-11-05 10:06 form  motet "Läs."`,
		`access asked 2026-11-05 10:11 form /artiklar/laget laget "Du får läsa."`)
}

func TestWhoIsSuppressedMaySignUpAgainByKind(t *testing.T) {
	st := begin(t)
	start := at("2026-11-05 10:00")
	for i, c := range []struct {
		kind  string
		comes bool
	}{{"bounce", true}, {"complaint", false}, {"admin", false}, {"unsubscribed", true}, {"erased", true}} {
		email := fmt.Sprintf("p%d@exempel.se", i)
		st.signUp(start, email)
		st.exec(`update addresses set suppressed = $1, suppressed_at = $2 where subscriber_id = (select id from subscribers where email = $3)`, c.kind, start, email)
		st.signUp(start.AddDate(0, 0, 31), email)
		if got := len(st.ledger(email)) == 2; got != c.comes {
			t.Errorf("after %s a confirm letter comes: %v, want %v", c.kind, got, c.comes)
		}
	}
}

func TestAfterABounceOneLetterInThirtyDays(t *testing.T) {
	st := begin(t)
	start := at("2026-11-05 10:00")
	st.signUp(start, anna)
	st.exec(`update subscribers set state = 'blocked'`)
	st.exec(`update addresses set suppressed = 'bounce', suppressed_at = $1`, start)
	for _, c := range []struct {
		days    int
		letters int
	}{{1, 1}, {29, 1}, {30, 2}, {31, 2}, {59, 2}, {60, 3}} {
		st.signUp(start.Add(time.Duration(c.days)*24*time.Hour), anna)
		if n := len(st.ledger(anna)); n != c.letters {
			t.Errorf("after %d days %d confirm letters, want %d", c.days, n, c.letters)
		}
	}
	now := start.AddDate(0, 0, 60)
	if st.deliver(now) != 3 { // they pass the mark, though the address is blocked
		t.Error("the confirm letters did not go out")
	}
	st.confirmed(now, anna, "")
	if p, _ := st.Show(st.ctx, anna); p.State != "active" || p.Suppressed != nil {
		t.Errorf("having confirmed, anna is %s, suppressed %v", p.State, p.Suppressed)
	}
}

func TestWhoWasErasedSignsUpAsSomebodyNew(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-05 10:00"), anna)
	old := st.key(anna, "confirm:1")
	st.must(st.Erase(st.ctx, at("2026-11-05 10:01"), anna))

	st.signUp(at("2026-11-06 10:00"), anna)
	if got := st.ledger(anna); !slices.Equal(got, []string{"confirm:1 queued"}) {
		t.Errorf("anna has %v, want a first confirm letter", got)
	}
	if st.key(anna, "confirm:1").SubscriberID == old.SubscriberID {
		t.Error("she has the number of the person erased")
	}
	if _, err := st.Confirm(st.ctx, at("2026-11-06 10:00"), st.ConfirmToken(old), Confirmation{}); !errors.Is(err, ErrToken) {
		t.Errorf("the link of the person erased: %v, want ErrToken", err)
	}
	st.confirmed(at("2026-11-06 10:01"), anna, "natverk")
	st.wantLessons(anna, "brev1 queued")
}
