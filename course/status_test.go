package course

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// The contract of `status --json`.
func TestStatusKeepsItsContract(t *testing.T) {
	st := begin(t)
	status, err := st.Status(st.ctx, at("2026-11-03 08:00"))
	st.must(err)
	m := fields(t, status)
	wantFields(t, "status", m, "deliveries", "resent", "subscribers", "courses", "workers", "stuck", "next_due_at")
	wantFields(t, "deliveries", m["deliveries"], "planned", "queued", "claimed", "sending", "accepted", "deferred", "rejected", "cancelled", "uncertain", "parked")
	for _, name := range []string{"courses", "letters", "workers", "stuck"} {
		if _, ok := m[name].([]any); !ok {
			t.Errorf("%s is %v, want a list", name, m[name])
		}
	}
}

func TestStatusTellsTheWholeOfIt(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna, bo)
	st.reached(1, at("2026-11-03 08:00"), cilla)
	st.signUp(at("2026-11-03 08:00"), "dag@exempel.se")
	st.leave(at("2026-11-03 09:00"), bo, "brev1")
	st.sent(at("2026-11-12 12:00"), SendRequest{Week: 5, To: cilla})
	st.planned(at("2026-11-12 12:00")) // anna's third
	_, err := st.PlanTest(st.ctx, at("2026-11-03 08:00"), "", 1, "red@exempel.se")
	st.must(err)

	status, err := st.Status(st.ctx, at("2026-11-12 12:00"))
	st.must(err)
	// four confirm letters, five lessons sent, one queued for anna, one for cilla
	want := map[string]int{"planned": 11, "queued": 3, "claimed": 0, "sending": 0, "accepted": 8, "deferred": 0, "rejected": 0, "cancelled": 0, "uncertain": 0, "parked": 0}
	if !maps.Equal(status.Deliveries, want) {
		t.Errorf("deliveries %v, want %v", status.Deliveries, want)
	}
	if want := map[string]int{"active": 3, "pending": 1}; !maps.Equal(status.Subscribers, want) {
		t.Errorf("subscribers %v, want %v", status.Subscribers, want)
	}
	natverk := status.Courses[0]
	if !maps.Equal(natverk.Enrolments, map[string]int{"active": 2, "left": 1}) || !slices.Equal(natverk.NextWeek, []int{0, 1, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("natverk is %+v", natverk)
	}
	var letters []string
	for _, l := range status.Letters {
		letters = append(letters, fmt.Sprint(l.Letter, " ", l.States))
	}
	if want := []string{
		"confirm map[accepted:3 queued:1]",
		"lesson:natverk/brev1 map[accepted:3]",
		"lesson:natverk/brev2 map[accepted:2]",
		"lesson:natverk/brev3 map[queued:1]",
		"lesson:natverk/brev5 map[queued:1]",
	}; !slices.Equal(letters, want) {
		t.Errorf("letters\n%q, want\n%q", letters, want)
	}
	if status.NextDueAt == nil || !status.NextDueAt.Equal(at("2026-11-24 08:00")) {
		t.Errorf("the next is due at %v", status.NextDueAt)
	}
}

func TestTheBooksDoNotBalanceWhenALetterIsLostOrTooMany(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-03 08:00"), anna)
	balanced := func() bool {
		status, err := st.Status(st.ctx, at("2026-11-03 08:00"))
		st.must(err)
		return status.Balanced()
	}
	for what, fault := range map[string]string{
		"a lesson was lost":            `delete from deliveries where letter = 'lesson:natverk/brev2'`,
		"a confirm letter was lost":    `delete from deliveries where letter = 'confirm:1'`,
		"a request was lost":           `delete from requests`,
		"a position moved by itself":   `update enrolments set position = position + 1`,
		"a lesson nobody planned":      `insert into deliveries (subscriber_id, id, letter, version, rank, planned_at, due_at, ready_at) select subscriber_id, 1, 'lesson:natverk/brev7', version, rank, planned_at, due_at, due_at from deliveries limit 1`,
		"passed over what was planned": `update enrolments set passed = 1`,
	} {
		st.exec(`create schema if not exists backup`)
		for _, table := range []string{"attempts", "deliveries", "requests", "enrolments"} {
			st.exec(fmt.Sprintf(`create table backup.%s as table %s`, table, table))
		}
		st.exec(`delete from attempts`)
		st.exec(fault)
		if balanced() {
			t.Errorf("%s, and the books balance", what)
		}
		for _, table := range []string{"attempts", "deliveries", "requests", "enrolments"} {
			st.exec(`delete from ` + table)
		}
		for _, table := range []string{"enrolments", "requests", "deliveries", "attempts"} {
			st.exec(fmt.Sprintf(`insert into %s table backup.%s`, table, table))
		}
		st.exec(`drop schema backup cascade`)
		if !balanced() {
			t.Fatalf("after %q was mended, the books do not balance", what)
		}
	}
}

func TestResentCountsRepeatsOfUncertainLetters(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo)
	_, err := st.PlanTest(st.ctx, now, "", 1, "red@exempel.se")
	st.must(err)
	for _, c := range st.claimAll(now) {
		end := Ending{Stage: AtDot}
		if c.Email == bo {
			end = Ending{Stage: AtDot, Code: 451} // that was no uncertainty
		}
		st.ended(now, c, st.mark(now, c), end)
	}
	resent := func(want int) {
		t.Helper()
		if status, err := st.Status(st.ctx, now); err != nil || status.Resent != want {
			t.Errorf("resent %d, %v, want %d", status.Resent, err, want)
		}
	}
	resent(0)
	_, err = st.EndQuarantine(st.ctx, now, 0)
	st.must(err)
	resent(0)
	st.deliver(now.Add(time.Hour))
	resent(1) // anna's; a test is in no count
}

func TestWhatIsStuckIsGroupedByReason(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna, bo, cilla, "dag@exempel.se", "eva@exempel.se")
	for _, c := range st.claimAll(now) {
		switch c.Email {
		case anna, bo:
			st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Code: 451, Reply: "451 later"})
		case cilla:
			st.must(st.Park(st.ctx, c, "no field Nam"))
		case "dag@exempel.se":
			st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Reply: "lost"})
		default:
			st.must(st.Release(st.ctx, c, now))
		}
	}
	stuck := func(now time.Time) (lines []string) {
		status, err := st.Status(st.ctx, now)
		st.must(err)
		for _, s := range status.Stuck {
			lines = append(lines, fmt.Sprintf("%d %s %s since %s", s.Count, s.State, s.Reason, local(s.Since)))
		}
		slices.Sort(lines)
		return lines
	}
	since := " since Tue 2026-11-03 08:00"
	want := []string{"1 parked no field Nam" + since, "1 uncertain lost" + since, "2 deferred 451 later" + since}
	if got := stuck(now.Add(5 * time.Minute)); !slices.Equal(got, want) {
		t.Errorf("stuck are %q, want %q", got, want)
	}
	want = slices.Insert(want, 1, "1 queued "+since)
	if got := stuck(now.Add(5*time.Minute + time.Second)); !slices.Equal(got, want) {
		t.Errorf("a while later %q, want %q", got, want)
	}
}

func TestStatusNamesTheWorkersThatHaveNotSignedOff(t *testing.T) {
	st := begin(t)
	st.exec(`update workers set heartbeat_at = now() - interval '90 seconds'`)
	other, err := st.Join(st.ctx, "another")
	st.must(err)
	st.must(st.Leave(st.ctx, at("2026-11-03 08:00"), other))
	status, err := st.Status(st.ctx, at("2026-11-03 08:00"))
	st.must(err)
	if w := status.Workers; len(w) != 1 || w[0].Name != "the story's worker" || w[0].Silent < 90 || w[0].Silent > 600 {
		t.Errorf("workers %+v, want the story's, silent for 90 seconds", w)
	}
}

func TestTallyCountsWhatBecameOfASend(t *testing.T) {
	st := begin(t)
	now := at("2026-11-12 12:00")
	st.reached(3, at("2026-11-03 08:00"), anna) // had it before
	st.reached(2, at("2026-11-03 08:00"), bo, cilla)
	_, scope, err := st.PlanSend(st.ctx, now, SendRequest{Week: 3}, false)
	st.must(err)
	st.wantTally(scope, map[string]int{"accepted": 1, "queued": 2})
	for _, c := range st.claimAll(now) {
		if c.Email == bo {
			st.ended(now, c, st.mark(now, c), accepted)
		}
	}
	st.wantTally(scope, map[string]int{"accepted": 2, "claimed": 1})
	st.wantTally(Scope{Letter: scope.Letter, SubscriberID: st.key(bo, "brev3").SubscriberID}, map[string]int{"accepted": 1})
}

func (st *story) wantTally(scope Scope, want map[string]int) {
	st.Helper()
	if got, err := st.Tally(st.ctx, scope); err != nil || !maps.Equal(got, want) {
		st.Errorf("the tally is %v, %v, want %v", got, err, want)
	}
}

func TestNextMomentIsWhenSomethingMayBeDue(t *testing.T) {
	st := begin(t)
	next := func(want string) {
		t.Helper()
		got, err := st.NextMoment(st.ctx, Quarantine)
		st.must(err)
		if want == "" && !got.IsZero() || want != "" && !got.Equal(at(want)) {
			t.Errorf("the next moment is %v, want %s", got, want)
		}
	}
	next("")
	st.signUp(at("2026-11-03 08:00"), anna)
	next("2026-11-03 08:00")
	st.deliver(at("2026-11-03 08:00"))
	next("")
	st.confirmed(at("2026-11-03 08:10"), anna, "natverk")
	next("2026-11-03 08:10") // letter 1
	c := st.claimOne(at("2026-11-03 08:10"))
	next("2026-11-10 08:00") // letter 2
	st.ended(at("2026-11-03 08:10"), c, 0, Ending{Stage: AtRcpt, Code: 451})
	next("2026-11-03 08:25") // letter 1 again
	c = st.claimOne(at("2026-11-03 08:25"))
	st.ended(at("2026-11-03 08:26"), c, st.mark(at("2026-11-03 08:25"), c), Ending{Stage: AtDot})
	next("2026-11-03 08:41") // its quarantine is over
	_, err := st.EndQuarantine(st.ctx, at("2026-11-03 08:41"), Quarantine)
	st.must(err)
	st.deliver(at("2026-11-03 08:41"))
	st.leave(at("2026-11-03 09:00"), anna, "brev1")
	next("")
}
