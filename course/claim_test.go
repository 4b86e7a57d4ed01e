package course

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func (st *story) row(d DeliveryKey) string {
	st.Helper()
	return st.lines(`
		select concat_ws(' ', state, 'claim', claim, 'attempt', attempt, case when worker is null then 'free' else 'held' end,
			'ready ' || to_char(ready_at at time zone 'Europe/Stockholm', 'MM-DD HH24:MI'),
			'settled ' || to_char(settled_at at time zone 'Europe/Stockholm', 'MM-DD HH24:MI'),
			reply, queue_id, reason)
		from deliveries where (subscriber_id, id) = ($1, $2)`, d.SubscriberID, d.ID)[0]
}

func (st *story) wantRow(d DeliveryKey, want string) {
	st.Helper()
	if got := st.row(d); got != want {
		st.Errorf("the letter is %q, want %q", got, want)
	}
}

// ready brings anna's first letter to where a worker can claim it.
func ready(t *testing.T) (*story, time.Time) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	return st, now
}

func TestConfirmLettersAreClaimedFirst(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-03 08:00"), anna)
	st.joined(at("2026-11-03 07:00"), bo) // due before anna's, though he came after her
	st.signUp(at("2026-11-03 09:00"), cilla)
	st.signUp(at("2026-11-03 09:20"), cilla)

	now := at("2026-11-03 09:30")
	one, err := st.Claim(st.ctx, now, st.worker, Scope{}, 1)
	st.must(err)
	rest := st.claimAll(now)
	var order []string
	for _, c := range append(one, rest...) {
		order = append(order, c.Email+" "+c.Letter)
	}
	want := []string{cilla + " confirm:1", cilla + " confirm:2", bo + " lesson:natverk/brev1", anna + " lesson:natverk/brev1"}
	if fmt.Sprint(order) != fmt.Sprint(want) {
		t.Errorf("claimed in the order %v, want %v", order, want)
	}
}

func TestAClaimHoldsWhatItsLetterNeeds(t *testing.T) {
	st, now := ready(t)
	d := st.key(anna, "brev1")
	st.must(st.Rename(st.ctx, d.SubscriberID, "Anna"))
	got := st.claimOne(now.Add(1500 * time.Millisecond))
	version := natverk.Lessons[0].Version
	want := Claimed{DeliveryKey: d, Letter: "lesson:natverk/brev1", Claim: 1, Email: anna, Name: "Anna", Version: version.Hash(), PlannedAt: now, DatedAt: now.Add(time.Second)}
	if got.DeliveryKey != want.DeliveryKey || got.Letter != want.Letter || got.Claim != 1 || got.Attempt != 0 || got.Copy != 0 || got.Email != anna || got.Name != "Anna" ||
		!bytes.Equal(got.Version, want.Version) || !got.PlannedAt.Equal(want.PlannedAt) || !got.DatedAt.Equal(want.DatedAt) {
		t.Errorf("claimed %+v, want %+v", got, want)
	}
	if text, err := st.Version(st.ctx, got.Version); err != nil || string(text.Source) != "text brev1" || string(text.Layout) != "ram" {
		t.Errorf("its text is %q in %q, %v", text.Source, text.Layout, err)
	}
	st.wantRow(d, "claimed claim 1 attempt 0 held")
	if again := st.claimAll(now.Add(time.Hour)); len(again) != 0 {
		t.Errorf("claimed again: %v", again)
	}
}

func TestNothingIsClaimedBeforeItIsReady(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.must(st.Release(st.ctx, c, now.Add(time.Hour)))
	if got := st.claimAll(now.Add(time.Hour - time.Second)); len(got) != 0 {
		t.Errorf("claimed %v a second too early", got)
	}
	if got := st.claimOne(now.Add(time.Hour)); got.Claim != 2 {
		t.Errorf("the second claim has number %d", got.Claim)
	}
}

func TestAScopeNarrowsAClaim(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	st.signUp(now, cilla)
	got, err := st.Claim(st.ctx, now, st.worker, Scope{Letter: "lesson:natverk/brev1"}, 10)
	if err != nil || len(got) != 2 {
		t.Errorf("%v, %v, want the two lessons", got, err)
	}
	got, err = st.Claim(st.ctx, now, st.worker, Scope{SubscriberID: st.key(cilla, "confirm:1").SubscriberID}, 10)
	if err != nil || len(got) != 1 || got[0].Email != cilla {
		t.Errorf("%v, %v, want cilla's letter", got, err)
	}
}

func TestNoTwoWorkersHoldOneLetter(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	const letters = 2000
	st.crowd(now, letters)
	held := make([][]Claimed, 8)
	errs := make([]error, 8)
	together(8, func(i int) {
		worker, err := st.Join(st.ctx, fmt.Sprint("worker ", i))
		for misses := 0; err == nil && misses < 3; {
			var got []Claimed
			got, err = st.Claim(st.ctx, now, worker, Scope{}, 37)
			held[i] = append(held[i], got...)
			if len(got) == 0 {
				misses++
			}
		}
		errs[i] = err
	})
	st.must(errors.Join(errs...))
	holder := map[int64]int{}
	for i := range held {
		for _, c := range held[i] {
			if other, taken := holder[c.ID]; taken {
				t.Fatalf("workers %d and %d both hold %s's letter", other, i, c.Email)
			}
			holder[c.ID] = i
		}
	}
	if rest := len(st.claimAll(now)); len(holder)+rest != letters {
		t.Errorf("%d letters are held and %d were left, want %d in all", len(holder), rest, letters)
	}
}

// Another worker is in the middle of claiming anna's letter: bo's is at hand.
func TestAClaimPassesByWhatIsLocked(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	tx := st.db.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`select from deliveries where id = $1 for update`, st.key(anna, "brev1").ID)
	ctx, cancel := context.WithTimeout(st.ctx, 10*time.Second)
	defer cancel()
	if got, err := st.Claim(ctx, now, st.worker, Scope{}, 10); err != nil || len(got) != 1 || got[0].Email != bo {
		t.Errorf("claimed %v, %v, want bo's letter", got, err)
	}
}

// The Date of a letter is that of its first attempt: the same row gives the
// same bytes ever after.
func TestTheFirstMarkFreezesTheDate(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.must(st.Release(st.ctx, c, now))
	c = st.claimOne(now.Add(time.Hour))
	if !c.DatedAt.Equal(now.Add(time.Hour)) {
		t.Errorf("before any attempt it is dated %s, want the claim's %s", c.DatedAt, now.Add(time.Hour))
	}
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtRcpt, Code: 451})
	if again := st.claimOne(now.AddDate(0, 0, 1)); !again.DatedAt.Equal(c.DatedAt) || again.Attempt != 1 {
		t.Errorf("after attempt %d it is dated %s, want %s", again.Attempt, again.DatedAt, c.DatedAt)
	}
}

func TestAMarkWritesDownWhatWillBeSent(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	attempt, err := st.tryMark(now.Add(time.Second), c, []byte{1, 2, 3})
	if err != nil || attempt != 1 {
		t.Fatalf("attempt %d, %v, want 1", attempt, err)
	}
	st.wantRow(c.DeliveryKey, "sending claim 1 attempt 1 held")
	got := st.lines(`select concat_ws(' ', relay, encode(sha256, 'hex'), to_char(marked_at at time zone 'Europe/Stockholm', 'HH24:MI:SS')) from deliveries where state = 'sending'`)
	if fmt.Sprint(got) != "[relay.exempel.se 010203 08:00:01]" {
		t.Errorf("marked with %v", got)
	}
}

func TestAMarkIsRefused(t *testing.T) {
	for name, before := range map[string]func(st *story, now time.Time, c Claimed){
		"after the lease ran out": func(st *story, now time.Time, c Claimed) {
			st.die(st.worker)
		},
		"when another worker has it now": func(st *story, now time.Time, c Claimed) {
			st.die(st.worker)
			other, err := st.Join(st.ctx, "another")
			st.must(err)
			if got, err := st.Claim(st.ctx, now, other, Scope{}, 1); err != nil || len(got) != 1 {
				st.Fatal(got, err)
			}
		},
		"after anna left": func(st *story, now time.Time, c Claimed) {
			st.must(st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(c.DeliveryKey)))
		},
		"after anna left and came back": func(st *story, now time.Time, c Claimed) {
			st.must(st.Unsubscribe(st.ctx, now, st.UnsubscribeToken(c.DeliveryKey)))
			st.must(st.Rejoin(st.ctx, now, st.UnsubscribeToken(c.DeliveryKey)))
		},
		"when the address is blocked": func(st *story, now time.Time, c Claimed) {
			st.exec(`update subscribers set state = 'blocked'`)
		},
		"when anna was erased": func(st *story, now time.Time, c Claimed) {
			st.must(st.Erase(st.ctx, now, anna))
		},
		"after it was released": func(st *story, now time.Time, c Claimed) { st.must(st.Release(st.ctx, c, now)) },
		"after it was parked":   func(st *story, now time.Time, c Claimed) { st.must(st.Park(st.ctx, c, "broken")) },
		"after its mark":        func(st *story, now time.Time, c Claimed) { st.mark(now.Add(-time.Second), c) },
	} {
		t.Run(name, func(t *testing.T) {
			st, now := ready(t)
			c := st.claimOne(now)
			before(st, now, c)
			st.unchanged("a refused mark", func() {
				if attempt, err := st.tryMark(now, c, nil); !errors.Is(err, ErrFenced) || attempt != 0 {
					t.Errorf("attempt %d, %v, want ErrFenced", attempt, err)
				}
			})
		})
	}
}

func TestAnErasedPersonIsNotSentAConfirmLetter(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, anna)
	c := st.claimOne(now)
	st.must(st.Erase(st.ctx, now, anna))
	if _, err := st.tryMark(now, c, nil); !errors.Is(err, ErrFenced) {
		t.Errorf("%v, want ErrFenced", err)
	}
}

func TestReleaseParkAndWithdraw(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.must(st.Release(st.ctx, c, now.Add(5*time.Minute)))
	st.wantRow(c.DeliveryKey, "queued claim 1 attempt 0 free ready 11-03 08:05")

	second := st.claimOne(now.Add(5 * time.Minute))
	st.unchanged("what an older claim does", func() {
		st.must(st.Release(st.ctx, c, now))
		st.must(st.Park(st.ctx, c, "broken"))
	})
	attempt := st.mark(now, second)
	st.unchanged("what a claim does after its mark", func() {
		st.must(st.Release(st.ctx, second, now))
		st.must(st.Park(st.ctx, second, "broken"))
		st.must(st.Withdraw(st.ctx, second, attempt+1))
		st.must(st.Withdraw(st.ctx, second, attempt-1))
	})
	st.must(st.Withdraw(st.ctx, second, attempt))
	st.wantRow(c.DeliveryKey, "queued claim 2 attempt 0 free ready 11-03 08:00")

	third := st.claimOne(now.Add(time.Hour))
	st.must(st.Park(st.ctx, third, "the template has no field Nam"))
	st.wantRow(c.DeliveryKey, "parked claim 3 attempt 0 free the template has no field Nam")
	if got := st.claimAll(now.AddDate(1, 0, 0)); len(got) != 0 {
		t.Errorf("a parked letter is claimed: %v", got)
	}
}

// A claim costs the same however long the queue is, also while something is held.
func TestAClaimDoesNotReadTheWholeQueue(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.crowd(now, 3000)
	st.must(st.Hold(st.ctx, now, "lesson:natverk/brev8", "not yet"))
	st.db.MustExec(`analyze`)
	plan := strings.Join(st.lines(`explain `+claimQuery, st.worker, now, "", 0, 200, suspicious, false), "\n")
	if !strings.Contains(plan, "using deliveries_ready") || strings.Contains(plan, "Seq Scan on deliveries") {
		t.Errorf("the queue is read as a whole:\n%s", plan)
	}
	if got := len(st.claimAll(now)); got != 3000 {
		t.Errorf("%d letters were claimed, want all 3000", got)
	}
}
