package course

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// Anna asks to be forgotten in week 3, with a letter under way in every state
// that a letter can be in. None of them goes out but the one past its mark; Bo
// notices nothing.
func TestErasingEndsEveryLetter(t *testing.T) {
	st := begin(t)
	now := at("2026-11-17 08:00")
	st.reached(3, now, anna, bo)
	st.sent(now, SendRequest{Week: 8, To: anna, Early: true})
	claimed := st.claimOne(now)
	st.sent(now, SendRequest{Week: 7, To: anna, Early: true})
	st.deferredOnce(now)
	st.sent(now, SendRequest{Week: 6, To: anna, Early: true})
	parked := st.claimOne(now)
	st.must(st.Park(st.ctx, parked, "a broken text for "+anna))
	st.sent(now, SendRequest{Week: 5, To: anna, Early: true})
	sending := st.claimOne(now)
	st.mark(now, sending)
	st.sent(now, SendRequest{Week: 4, To: anna, Early: true})
	bos := st.dumpOf(bo)
	before, err := st.Status(st.ctx, now)
	st.must(err)

	st.must(st.Erase(st.ctx, now, " ANNA@exempel.se"))
	st.check()
	st.wantOf(claimed.SubscriberID, "brev1 accepted", "brev2 accepted", "brev3 accepted",
		"brev4 cancelled", "brev5 sending", "brev6 cancelled", "brev7 cancelled", "brev8 cancelled", "confirm:1 accepted")
	after, err := st.Status(st.ctx, now)
	st.must(err)
	if before.Deliveries["planned"] != after.Deliveries["planned"] {
		t.Errorf("%d letters are planned, and were %d before", after.Deliveries["planned"], before.Deliveries["planned"])
	}
	if _, err := st.tryMark(now, claimed, []byte("sum")); !errors.Is(err, ErrFenced) {
		t.Errorf("a letter that was claimed before is marked: %v", err)
	}
	if _, _, err := st.Retry(st.ctx, now, parked.handle()); !errors.Is(err, ErrReaderGone) {
		t.Errorf("a letter that was parked is retried: %v", err)
	}
	if got := st.dumpOf(bo); got != bos {
		t.Errorf("Bo was\n%s\nand is\n%s", bos, got)
	}
	for _, later := range []int{7, 14, 60} {
		st.planned(now.AddDate(0, 0, later))
		for _, c := range st.claimAll(now.AddDate(0, 0, later)) {
			if c.SubscriberID == claimed.SubscriberID {
				t.Errorf("%s is claimed after %d days", c.Letter, later)
			}
		}
	}
}

// wantOf is ledger, of somebody who has no address any more.
func (st *story) wantOf(id int64, want ...string) {
	st.Helper()
	got := st.lines(`select regexp_replace(letter, '^lesson:[a-z]+/', '') || ' ' || state from deliveries where subscriber_id = $1 order by 1`, id)
	if !slices.Equal(got, want) {
		st.Errorf("the ledger has %q, want %q", got, want)
	}
}

// dumpOf is all that is known of one person.
func (st *story) dumpOf(email string) string {
	st.Helper()
	d, err := st.Dossier(st.ctx, email)
	st.must(err)
	return fmt.Sprint(fields(st.T, d))
}

// What was known stands under the hash: whom a complaint protects, a wish to be
// forgotten does not expose.
func TestErasingLeavesLimitsAndTheStrongerSuppression(t *testing.T) {
	for reason, want := range map[string]string{"": "erased", "unsubscribed": "unsubscribed", "bounce": "bounce", "complaint": "complaint", "admin": "admin"} {
		t.Run("after "+reason, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-03 08:00")
			st.joined(now, anna)
			if reason != "" {
				_, _, err := st.Suppress(st.ctx, now, anna, reason)
				st.must(err)
			}
			asked := st.lines(`select cast(asked_at as text) from addresses`)
			st.must(st.Erase(st.ctx, now.Add(time.Hour), anna))
			if got := st.lines(`select suppressed from addresses where subscriber_id is null and address_hash = $1`, st.keys.addressHash(anna)); !slices.Equal(got, []string{want}) {
				t.Errorf("suppressed are %v, want %v", got, want)
			}
			if got := st.lines(`select cast(asked_at as text) from addresses`); !slices.Equal(got, asked) {
				t.Errorf("her letters asked for are %v, and were %v", got, asked)
			}
			done, err := st.Import(st.ctx, now.Add(time.Hour), []Person{{Address: anna}}, ImportWish{Consent: "de sade ja", Course: natverk.ID})
			if err != nil || done.Suppressed != 1 || done.Added != 0 {
				t.Errorf("an import gave %+v, %v, want her passed over", done, err)
			}
		})
	}
}

// What Anna said yes to shrinks to hash, purpose, event, wording and times.
func TestErasedConsentIsStillProof(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	st.leave(now.Add(time.Hour), anna, "brev1")
	want := st.lines(`select concat_ws(' ', purpose, event, at, wording) from consents where subscriber_id = $1 order by id`, st.key(anna, "brev1").SubscriberID)
	st.must(st.Erase(st.ctx, now.Add(2*time.Hour), anna))
	got := st.lines(`select concat_ws(' ', purpose, event, at, wording) from erased_consents where address_hash = $1 order by id`, st.keys.addressHash(anna))
	if len(want) != 4 || !slices.Equal(got, want) {
		t.Errorf("proof of\n%v\nis\n%v", want, got)
	}
	if n := st.count(`select count(*) from erased_consents`); n != len(want) {
		t.Errorf("%d pieces of proof stand, want hers alone", n)
	}
}

func TestErasingTwiceIsErasingOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	if err := st.Erase(st.ctx, now, bo); !errors.Is(err, ErrUnknown) {
		t.Errorf("a stranger: %v, want ErrUnknown", err)
	}
	if err := st.Erase(st.ctx, now, "nonsens"); !errors.Is(err, ErrAddress) {
		t.Errorf("nonsense: %v, want ErrAddress", err)
	}
	errs := make([]error, 5)
	together(5, func(i int) { errs[i] = st.Erase(st.ctx, now, anna) })
	st.must(errors.Join(errs...))
	st.check()
	st.unchanged("erasing her again", func() { st.must(st.Erase(st.ctx, now.Add(time.Hour), anna)) })
	if err := st.Erase(st.ctx, now, bo); strings.Contains(err.Error(), bo) {
		t.Errorf("an error that may be logged says %v", err)
	}
}

// Old links of hers are answered kindly, and start nothing.
func TestLinksOfWhoWasErased(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	confirm, leave := st.ConfirmToken(st.key(anna, "confirm:1")), st.UnsubscribeToken(st.key(anna, "brev1"))
	st.must(st.Unsubscribe(st.ctx, now, leave))
	st.must(st.Erase(st.ctx, now, anna))
	st.unchanged("an old link", func() {
		if l, err := st.Leaving(st.ctx, leave); err != nil || !l.Left || !l.UndoUntil.IsZero() {
			t.Errorf("leaving is %+v, %v", l, err)
		}
		st.must(st.Unsubscribe(st.ctx, now, leave))
		if err := st.Rejoin(st.ctx, now, leave); !errors.Is(err, ErrTooLate) {
			t.Errorf("coming back: %v, want ErrTooLate", err)
		}
		if _, err := st.Invitation(st.ctx, now, confirm); !errors.Is(err, ErrToken) {
			t.Errorf("the confirm link: %v, want ErrToken", err)
		}
	})
}

// Something is just being done about Anna: the erasure waits, and takes that too.
func TestErasingWaitsForWhatIsUnderWay(t *testing.T) {
	for what, c := range map[string]struct {
		begun func(*story, *sqlx.Tx, time.Time, int64) error
		proof int // pieces of it, beside asked and confirmed twice
	}{
		"planned": {func(st *story, tx *sqlx.Tx, now time.Time, id int64) error {
			return plan(st.ctx, tx, now, natverk, []int64{id})
		}, 0},
		"left": {func(st *story, tx *sqlx.Tx, now time.Time, id int64) error {
			return leaveList(st.ctx, tx, now, id, natverk.ID, "one-click")
		}, 1},
		"asked again": {func(st *story, tx *sqlx.Tx, now time.Time, id int64) error {
			if _, err := st.meet(st.ctx, tx, now, anna); err != nil {
				return err
			}
			return wish{At: now, Email: anna, Access: "Läs."}.writeEvidence(st.ctx, tx, id)
		}, 1},
		"let in": {func(st *story, tx *sqlx.Tx, now time.Time, id int64) error {
			st.asksIn(now, anna, "telefon")
			return second(useLogin(st.ctx, tx, now, st.key(anna, "login:1"), "telefon"))
		}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			st := begin(t)
			st.reached(1, at("2026-11-03 08:00"), anna)
			id, now := st.key(anna, "brev1").SubscriberID, at("2026-11-10 08:00")
			tx := st.db.MustBegin()
			st.must(c.begun(st, tx, now, id))
			done := make(chan error, 1)
			go func() { done <- st.Erase(st.ctx, now, anna) }()
			st.until(`select count(*) = 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
			st.must(tx.Commit())
			st.must(<-done)
			st.check()
			if n := st.count(`select count(*) from erased_consents`); n != 3+c.proof {
				t.Errorf("%d pieces of proof stand, want %d", n, 3+c.proof)
			}
			if n := st.count(`select count(*) from sessions`); n != 0 {
				t.Errorf("%d browsers are still signed in as her", n)
			}
		})
	}
}

// Anna is just being erased, and with her the sign-up that waits: a worker passes it
// over, and carries out Bo's, and does not wait for the erasure.
func TestASignUpThatIsBeingErasedIsNotCarriedOut(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	for _, email := range []string{anna, bo} {
		st.must(st.Subscribe(st.ctx, now, SignUp{Email: email, Form: "/anmalan", Access: "Läs."}))
	}
	erasing := st.db.MustBegin()
	defer erasing.Rollback()
	if waited, err := forgetWishes(st.ctx, erasing, anna); !waited || err != nil {
		t.Fatal(waited, err)
	}
	ctx, cancel := context.WithTimeout(st.ctx, 20*time.Second)
	defer cancel()
	if n, err := st.TakeSignUps(ctx, now); n != 1 || err != nil {
		t.Errorf("%d were carried out, %v, want Bo's", n, err)
	}
	st.must(erasing.Commit())
	st.carriedOut(now)
	st.nothingOf(anna)
	if got := st.ledger(bo); len(got) != 1 {
		t.Errorf("Bo has %v, want his letter", got)
	}
}

// While Anna is erased she signs up, confirms, leaves, is planned, sent and
// bounced. Whatever came first: of her first self nothing is left.
func TestErasingInTheMiddleOfEverything(t *testing.T) {
	st := begin(t)
	start := at("2026-11-03 08:00")
	for round := range 3 {
		now := start.AddDate(0, 0, 40*round)
		email := fmt.Sprintf("p%d@exempel.se", round)
		st.joined(now, email)
		d := st.key(email, "brev1")
		link := st.ConfirmToken(st.key(email, "confirm:1"))
		events := []func() error{
			func() error { return st.Erase(st.ctx, now, email) },
			func() error { return st.Subscribe(st.ctx, now.Add(time.Hour), SignUp{Email: email, Access: "Läs."}) },
			func() error { return st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(d)) },
			func() error { return st.Rejoin(st.ctx, now, st.UnsubscribeToken(d)) },
			func() error { _, err := st.Confirm(st.ctx, now, link, Confirmation{}); return err },
			func() error { return second(st.PlanDue(st.ctx, now)) },
			func() error {
				return second(st.RecordBounce(st.ctx, now, ReturnedMail{Kind: ReturnFailed, Enhanced: "5.1.1", Tokens: []string{st.BounceToken(d)}, Diagnostic: email}))
			},
			func() error { return st.Rename(st.ctx, d.SubscriberID, "Anna") },
			func() error { return st.Erase(st.ctx, now, email) },
		}
		errs := make([]error, len(events))
		together(len(events), func(i int) { errs[i] = events[i]() })
		for i, err := range errs {
			if err != nil && !errors.Is(err, ErrToken) && !errors.Is(err, ErrTooLate) && !errors.Is(err, ErrUnknown) {
				t.Errorf("event %d: %v", i, err)
			}
		}
		st.check()
		if n := st.count(`select count(*) from subscribers where id = $1 and state = 'erased' and name = ''`, d.SubscriberID); n != 1 {
			t.Errorf("round %d: she is not erased", round)
		}
	}
}
