package course

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestRow61ABounceBeforeOurRecord(t *testing.T) {
	was := map[string]func(*story, time.Time, Claimed){
		"being sent": func(*story, time.Time, Claimed) {},
		"uncertain": func(st *story, now time.Time, c Claimed) {
			st.ended(now, c, 1, lostAtDot)
		},
		"queued to be repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
		},
		"claimed to be repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
			st.claimOne(now)
		},
		"put off when repeated": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-Quarantine), c, 1, lostAtDot)
			st.quarantined(now)
			again := st.claimOne(now)
			st.ended(now, again, st.mark(now, again), Ending{Stage: AtDot, Code: 451})
		},
		"parked": func(st *story, now time.Time, c Claimed) {
			st.ended(now.Add(-2*Quarantine), c, 1, lostAtDot)
			st.quarantined(now.Add(-Quarantine))
			st.silence(now.Add(-Quarantine))
			st.quarantined(now)
		},
	}
	for what, becomes := range was {
		t.Run(what, func(t *testing.T) {
			st := begin(t)
			now := at("2026-11-03 08:00")
			st.joined(now, anna)
			c := st.claimOne(now)
			st.mark(now, c)
			now = now.Add(time.Hour)
			becomes(st, now, c)
			if got := st.returned(now, fullBox, c.DeliveryKey); !got.Known || got.Judged != Soft || got.Suppressed {
				t.Errorf("got %+v, want a soft bounce", got)
			}
			if what == "being sent" {
				st.wantLessons(anna, "brev1 sending")
				st.ended(now, c, 1, lostAtDot)
				st.quarantined(now.Add(Quarantine))
			}
			st.wantLessons(anna, "brev1 accepted")
			st.check()
			st.planned(at("2026-11-10 08:00"))
			if again := st.claimAll(at("2026-11-10 08:00")); len(again) != 1 || again[0].Letter != natverk.Letter(2) {
				t.Errorf("%v go out, want letter 2", again)
			}
		})
	}
}

func TestRow61OurRecordAfterTheBounce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	c := st.claimOne(now)
	attempt := st.mark(now, c)
	if got := st.returned(now, noMailbox, c.DeliveryKey); !got.Suppressed {
		t.Errorf("got %+v, want her suppressed", got)
	}
	st.ended(now.Add(time.Second), c, attempt, accepted)
	st.wantLessons(anna, "brev1 accepted")
	p, _ := st.Show(st.ctx, anna)
	if last := p.Deliveries[1]; last.QueueID != "Q1" || last.Reply != "250 OK" || p.State != "blocked" {
		t.Errorf("the letter is %+v, anna %s", last, p.State)
	}
}

func TestRow62TheSameBounceAHundredTimes(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	results := make([]ReturnedResult, 100)
	together(100, func(i int) { results[i] = st.returned(now, noMailbox, st.key(anna, "brev1")) })
	first := 0
	for _, r := range results {
		if !r.Again && r.Suppressed {
			first++
		}
		if !r.Known || r.Judged != Hard {
			t.Errorf("one of them gave %+v", r)
		}
	}
	if n := st.count(`select count(*) from returns`); n != 1 || first != 1 {
		t.Errorf("%d bounces are written down, %d of them suppressed, want one", n, first)
	}
	st.unchanged("a day later", func() { st.returned(now.AddDate(0, 0, 1), noMailbox, st.key(anna, "brev1")) })
}

func TestRow62BouncesOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		weeks      []int // whose letters come back, of six
		suppressed string
	}{
		{[]int{1, 2, 3, 4, 5}, "bounce"},
		{[]int{2, 3, 4, 5, 6}, "bounce"},
		{[]int{1, 2, 3, 4}, ""},
		{[]int{1, 2, 4, 5, 6}, ""},
		{[]int{1, 2, 3, 5, 6}, ""},
	} {
		t.Run(fmt.Sprint(c.weeks), func(t *testing.T) {
			st := begin(t)
			now := at("2026-12-08 08:00")
			st.reached(6, now, anna, bo)
			weeks := slices.Concat(c.weeks, c.weeks, c.weeks)
			rand.Shuffle(len(weeks), func(i, j int) { weeks[i], weeks[j] = weeks[j], weeks[i] })
			for _, week := range weeks {
				now = now.Add(time.Minute)
				st.returned(now, fullBox, st.key(anna, fmt.Sprint("brev", week)))
			}
			if got := st.suppressed(anna); got != c.suppressed {
				t.Errorf("in the order %v she is suppressed %q, want %q", weeks, got, c.suppressed)
			}
			if got := st.suppressed(bo); got != "" {
				t.Errorf("bo is suppressed %q", got)
			}
		})
	}
}

func TestRow63AForgedBounce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	d := st.key(anna, "brev1")
	good := st.BounceToken(d)
	other := story{T: t, Store: &Store{keys: keys{rings: ringsOf([]string{"somebody else's secret, 32 characters"})}}}
	for what, token := range map[string]string{
		"none":                 "",
		"an address":           "anna",
		"a damaged one":        good[:10] + string('a'+(good[10]-'a'+1)%26) + good[11:],
		"a shortened one":      good[:54],
		"a longer one":         good + "a",
		"another's secret":     other.BounceToken(d),
		"for unsubscribing":    st.UnsubscribeToken(d),
		"for confirming":       st.ConfirmToken(d),
		"a Message-ID":         st.MessageToken(d),
		"of no letter of hers": st.BounceToken(DeliveryKey{SubscriberID: d.SubscriberID, ID: 7}),
		"of no reader":         st.BounceToken(DeliveryKey{SubscriberID: 7, ID: d.ID}),
	} {
		t.Run(what, func(t *testing.T) {
			m := noMailbox
			m.Tokens, m.MessageIDs, m.Via = []string{token}, []string{st.MessageToken(d) + "@exempel.se"}, "smtp"
			st.unchanged("a forged bounce", func() {
				if got, err := st.RecordBounce(st.ctx, now, m); err != nil || got != (ReturnedResult{}) {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		})
		if what != "of no letter of hers" && what != "of no reader" && st.KnowsEnvelope(token) {
			t.Errorf("%s is taken for an envelope token", what)
		}
	}
	if !st.KnowsEnvelope(good) {
		t.Error("a good token is not known")
	}
}

func TestRow64NotesAreNoBounces(t *testing.T) {
	st := begin(t)
	now := at("2026-12-08 08:00")
	st.reached(6, now, anna)
	for week := range 6 {
		for _, kind := range []ReturnedKind{ReturnDelayed, ReturnAutoReply, ReturnUnclear} {
			m := noMailbox // says so, but is none
			m.Kind = kind
			if got := st.returned(now, m, st.key(anna, fmt.Sprint("brev", week+1))); got.Judged != Noted || got.Suppressed {
				t.Errorf("%s gave %+v, want a note", kind, got)
			}
		}
	}
	if n := st.count(`select count(*) from returns`); n != 18 || st.suppressed(anna) != "" {
		t.Errorf("%d notes, want 18; suppressed %q", n, st.suppressed(anna))
	}
}
