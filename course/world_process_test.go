package course

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/lib/pq"
)

// process is a running worker: its row in the ledger, its connections, and what
// it has claimed for them.
type process struct {
	id      int64
	lines   []*line
	jobs    []Claimed
	alone   bool      // the one last claimed is a suspect
	stopped bool      // SIGSTOP, or a machine that is suspended
	beats   bool      // its heart has beaten since it last went on
	beaten  time.Time // when
	leaving bool      // SIGTERM, or declared gone
	rest    time.Time // until when no relay is tried
}

// heart is a process's row in workers, as the fake clock has it.
type heart struct {
	id     int64
	beaten time.Time
	buried bool
}

// joins starts a process, after a look whether the ledger has been silent.
func (w *world) joins() {
	w.Helper()
	w.tellHearts()
	paused, err := w.PauseAfterSilence(w.ctx, w.now)
	w.must(err)
	if silence := w.silence(); paused && silence < 47*time.Hour || !paused && silence > 48*time.Hour {
		w.Fatalf("after a silence of %s, paused is %v", silence, paused)
	}
	if paused {
		w.holds[Pause] = true
	}
	id, err := w.Join(w.ctx, "a worker of the world")
	w.must(err)
	p := &process{id: id, beats: true, beaten: w.now}
	for range 1 + w.IntN(3) {
		p.lines = append(p.lines, &line{process: p})
	}
	w.processes = append(w.processes, p)
	w.hearts = append(w.hearts, heart{id: id, beaten: w.now})
}

// silence is how long ago the last heart beat.
func (w *world) silence() time.Duration {
	var last time.Time
	for _, h := range w.hearts {
		if h.beaten.After(last) {
			last = h.beaten
		}
	}
	if last.IsZero() {
		return 0
	}
	return w.now.Sub(last)
}

func (w *world) heart(p *process) *heart {
	i := slices.IndexFunc(w.hearts, func(h heart) bool { return h.id == p.id })
	return &w.hearts[i]
}

func (w *world) beat(p *process) {
	p.beaten = w.now
	w.heart(p).beaten = w.now
}

// wakes is the first heartbeat of a process that had stood still.
func (w *world) wakes(p *process) {
	w.Helper()
	p.beats = true
	err := w.Beat(w.ctx, p.id, "")
	if gone := w.heart(p).buried; gone != errors.Is(err, ErrDeclaredGone) {
		w.Fatalf("worker %d, taken for dead %v, beats: %v", p.id, gone, err)
	}
	if err != nil {
		w.isToLeave(p)
		return
	}
	w.beat(p)
}

// tellHearts sets the ledger's hearts by the fake clock.
func (w *world) tellHearts() {
	var ids []int64
	var ages []float64
	for _, h := range w.hearts {
		ids, ages = append(ids, h.id), append(ages, w.now.Sub(h.beaten).Seconds())
	}
	w.exec(`
		update workers
		set heartbeat_at = now() - age * interval '1 second'
		from unnest(cast($1 as bigint[]), cast($2 as float8[])) t(worker, age)
		where id = worker`, pq.Array(ids), pq.Array(ages))
}

// pass is what a worker does between letters: some of it, since it may die or
// be slow at any point.
func (w *world) pass() {
	w.Helper()
	p := w.aProcess(func(p *process) bool { return !p.stopped && !p.leaving })
	if p == nil {
		w.joins()
		return
	}
	if w.chance(6) || w.overdue() > 0 && w.chance(50) {
		w.recovers()
	}
	if w.chance(20) {
		w.endsQuarantine()
	}
	if w.chance(60) {
		w.carriesOut()
	}
	if w.chance(35) {
		w.plans()
	}
	if w.chance(80) {
		w.takes(p)
	}
}

func (w *world) aProcess(which func(*process) bool) *process {
	var some []*process
	for _, p := range w.processes {
		if which(p) {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[w.IntN(len(some))]
}

// overdue counts processes whose lease has run out and who were not buried.
func (w *world) overdue() (n int) {
	for _, h := range w.hearts {
		if !h.buried && w.now.Sub(h.beaten) > theLease {
			n++
		}
	}
	return n
}

func (w *world) recovers() {
	w.Helper()
	want := w.overdue()
	w.tellHearts()
	gone, err := w.Recover(w.ctx, w.now, theLease)
	w.must(err)
	if gone != want {
		w.Fatalf("%d workers were taken for dead, want %d", gone, want)
	}
	for i := range w.hearts {
		if w.now.Sub(w.hearts[i].beaten) > theLease {
			w.hearts[i].buried = true
		}
	}
}

func (w *world) endsQuarantine() {
	w.Helper()
	_, err := w.EndQuarantine(w.ctx, w.now, Quarantine)
	w.must(err)
}

// carriesOut is what people asked for through forms. What a worker dies with waits
// for the next.
func (w *world) carriesOut() {
	w.Helper()
	if w.fault(20) {
		w.diesCarryingOut()
	}
	_, err := w.TakeSignUps(w.ctx, w.now)
	w.allow(err, ErrFlood)
}

// plans is also called twice, by another worker or after a lost answer.
func (w *world) plans() {
	w.Helper()
	for range 1 + w.IntN(10)/9 {
		moved, err := w.PlanDue(w.ctx, w.now)
		w.must(err)
		if moved > 0 {
			w.onTime()
		}
	}
	if w.chance(5) { // as little as the hour
		_, err := w.Retain(w.ctx, w.now)
		w.must(err)
	}
}

// takes claims letters for a process that has none left. If the answer is lost,
// the process knows nothing of them, and starts anew.
func (w *world) takes(p *process) {
	w.Helper()
	if len(p.jobs) > 0 || p.rest.After(w.now) || p.alone && p.unmarked() {
		return
	}
	var scope Scope
	if w.chance(5) {
		scope.Letter = w.course.Letter(1 + w.IntN(len(w.course.Lessons)))
	}
	claimed, err := w.Claim(w.ctx, w.now, p.id, scope, 4*len(p.lines))
	w.must(err)
	if p.alone = len(claimed) == 0 && !p.unmarked(); p.alone {
		claimed, err = w.ClaimSuspect(w.ctx, w.now, p.id, scope)
		w.must(err)
	}
	for _, c := range claimed {
		w.claims[c.DeliveryKey] = c.Claim
	}
	if w.fault(1) {
		w.isToLeave(p)
		return
	}
	slices.SortFunc(claimed, func(a, b Claimed) int {
		return cmp.Or(cmp.Compare(a.Email, b.Email), cmp.Compare(a.Letter, b.Letter), a.Copy-b.Copy)
	})
	p.jobs = claimed
}

// unmarked says whether letters stand in the process's claim.
func (p *process) unmarked() bool {
	return len(p.jobs) > 0 || slices.ContainsFunc(p.lines, func(l *line) bool { return l.at == taken || l.at == offered })
}

// isToLeave ends a process in good order: its lines finish what is past the
// mark, and wait for replies only so long.
func (w *world) isToLeave(p *process) {
	p.leaving, p.jobs = true, nil
	for _, l := range p.lines {
		l.hurry(w.now)
	}
	w.leavesIfDone(p)
}

func (w *world) leavesIfDone(p *process) {
	if !p.leaving || slices.ContainsFunc(p.lines, func(l *line) bool { return l.at != idle }) {
		return
	}
	for range 1 + w.IntN(10)/9 {
		w.must(w.Leave(w.ctx, w.now, p.id))
	}
	w.vanishes(p)
	w.heart(p).buried = true
}

// vanishes takes a process out of the world, as kill -9 does.
func (w *world) vanishes(p *process) {
	w.processes = slices.DeleteFunc(w.processes, func(other *process) bool { return other == p })
}
