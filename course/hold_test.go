package course

import (
	"errors"
	"testing"
	"time"
)

func (st *story) holds(scope string) {
	st.Helper()
	st.must(st.Hold(st.ctx, at("2026-11-03 07:00"), scope, "a wrong date in it"))
	st.check()
}

func (st *story) releases(now time.Time, scope string) int {
	st.Helper()
	n, err := st.ReleaseHold(st.ctx, now, scope)
	st.must(err)
	st.check()
	return n
}

func TestAHeldWeekStaysAndTheRestGoes(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	st.reached(1, at("2026-10-27 08:00"), bo)
	st.planned(now)
	st.holds(natverk.Letter(1))
	st.holds(natverk.Letter(1)) // once more changes nothing
	st.wantLessons(anna, "brev1 queued")
	st.wantWhy(now, anna, 1, "queued, and held: it goes out when an admin releases it")
	p, err := st.Show(st.ctx, anna)
	st.must(err)
	for _, d := range p.Deliveries {
		if held := d.Letter == natverk.Letter(1); d.Held != held || held && d.ReadyAt != nil {
			t.Errorf("%s is held: %v, ready at %v", d.Letter, d.Held, d.ReadyAt)
		}
	}
	claimed := st.claimAll(now)
	if len(claimed) != 1 || claimed[0].Email != bo {
		t.Errorf("claimed %v, want only bo's second letter", claimed)
	}
	st.joined(now, cilla) // planned while held
	if claimed := st.claimAll(now); len(claimed) != 0 {
		t.Errorf("claimed %v while week 1 is held", claimed)
	}
	if n := st.releases(now, natverk.Letter(1)); n != 2 {
		t.Errorf("%d letters wait after the release, want 2", n)
	}
	if claimed := st.claimAll(now); len(claimed) != 2 {
		t.Errorf("claimed %v after the release, want anna's and cilla's", claimed)
	}
}

// Whoever was not tried yet gets the mended text: Anna, whose letter lay held, and
// Cilla, who joined meanwhile. Bo's first try may have arrived; his second is the
// same.
func TestWhatIsReleasedTakesTheMendedText(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, bo)
	st.deferredOnce(now)
	st.joined(now, anna)
	st.holds(natverk.Letter(1))
	st.joined(now, cilla)
	mended := aCourse("natverk", "brev", 8, natverk.Rhythm)
	mended.Lessons[0].Version.Source = []byte("text brev1, mended")
	st.must(st.Publish(st.ctx, someLetters, []Course{mended}))
	st.releases(now, natverk.Letter(1))
	for email, want := range map[string]string{anna: "text brev1, mended", bo: "text brev1", cilla: "text brev1, mended"} {
		v, err := st.Version(st.ctx, st.version(email))
		st.must(err)
		if string(v.Source) != want {
			t.Errorf("%s gets %q, want %q", email, v.Source, want)
		}
	}
}

// The letter stands before the relay, all but its dot, when the hold comes.
func TestAHoldStopsWhatHasNotPassedTheMark(t *testing.T) {
	for _, scope := range []string{natverk.Letter(1), Everything, Pause} {
		t.Run(scope, func(t *testing.T) {
			st, now := ready(t)
			c := st.claimOne(now)
			st.holds(scope)
			if _, err := st.tryMark(now, c, []byte("sum")); !errors.Is(err, ErrHeld) {
				t.Errorf("hold of %s: %v, want ErrHeld", scope, err)
			}
			st.must(st.Release(st.ctx, c, now))
			st.wantLessons(anna, "brev1 queued")
			if n := st.count(`select count(*) from deliveries where attempt > 0 and rank > 0`); n != 0 {
				t.Error("an attempt was burnt")
			}
			if claimed := st.claimAll(now); len(claimed) != 0 {
				t.Errorf("claimed %v while %s is held", claimed, scope)
			}
			st.releases(now, scope)
			c = st.claimOne(now)
			st.ended(now, c, st.mark(now, c), accepted)
		})
	}
}

func TestAHoldOfAnotherWeekStopsNothing(t *testing.T) {
	st, now := ready(t)
	c := st.claimOne(now)
	st.holds(natverk.Letter(2))
	st.mark(now, c)
}

func TestOnlyAPauseStopsPlanning(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-10-27 08:00"), anna)
	st.holds(Pause)
	if n := st.planned(at("2026-11-03 08:00")); n != 0 {
		t.Errorf("planned %d while paused", n)
	}
	st.releases(at("2026-11-20 10:00"), Pause)
	st.holds(Everything)
	if n := st.planned(at("2026-11-20 10:00")); n != 1 {
		t.Errorf("planned %d while held, want 1: one lesson, however long the pause", n)
	}
}

func TestALongSilenceWaitsForAnAdmin(t *testing.T) {
	st, now := ready(t)
	silent := func(hours int) bool { // and 55 minutes
		t.Helper()
		st.exec(`update workers set heartbeat_at = now() - $1 * interval '1 hour' - interval '55 minutes'`, hours)
		paused, err := st.PauseAfterSilence(st.ctx, now)
		st.must(err)
		return paused
	}
	if silent(47) {
		t.Error("paused before 48 hours")
	}
	if !silent(48) {
		t.Error("not paused after 48 hours")
	}
	st.exec(`update workers set heartbeat_at = now()`)
	if claimed := st.claimAll(now); len(claimed) != 0 {
		t.Errorf("claimed %v before an admin said so", claimed)
	}
	st.releases(now, Pause)
	st.claimOne(now)
}

func TestANewInstallationIsNoSilence(t *testing.T) {
	st := begin(t)
	st.exec(`delete from workers`)
	if paused, err := st.PauseAfterSilence(st.ctx, time.Now()); err != nil || paused {
		t.Errorf("paused %v, %v before any worker ran", paused, err)
	}
}
