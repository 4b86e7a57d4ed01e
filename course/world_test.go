package course

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// A world is one seed: a few people, two workers and an admin who do things at
// random from October to December, faults among them. After every step the laws
// of invariant_test.go hold, and in the end everybody has had everything once.
type world struct {
	*story
	*rand.Rand
	now     time.Time
	people  []string
	workers []int64
	held    []held
}

// held is a letter that a worker has in hand; attempt is 0 before its mark.
type held struct {
	Claimed
	worker  int64
	attempt int
}

func TestWhateverHappensTheLawsHold(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &world{story: begin(t), Rand: rand.New(rand.NewPCG(seed, 1)), now: at("2026-10-08 09:00")}
			w.people = []string{anna, bo, cilla, named("dag"), named("eva")}
			w.workers = []int64{w.newWorker(), w.newWorker()}
			w.joined(w.now, w.people[1:]...)
			for step := range 200 {
				w.step()
				if t.Failed() {
					t.Fatalf("seed %d broke at step %d", seed, step)
				}
				w.check()
			}
			w.settle()
		})
	}
}

func (w *world) newWorker() int64 {
	id, err := w.Join(w.ctx, "a worker of the world")
	w.must(err)
	return id
}

func (w *world) someone() string { return w.people[w.IntN(len(w.people))] }

// allow fails the test for any error but those that may be.
func (w *world) allow(err error, may ...error) {
	w.Helper()
	for _, m := range may {
		if errors.Is(err, m) {
			return
		}
	}
	w.must(err)
}

func (w *world) step() {
	w.Helper()
	w.now = w.now.Add(time.Duration(w.IntN(3600)) * time.Second)
	switch n := w.IntN(100); {
	case n < 15:
		w.now = w.now.Add(time.Duration(w.IntN(120)) * time.Hour)
	case n < 35:
		w.planned(w.now)
	case n < 55:
		w.claim()
	case n < 83:
		for range 1 + w.IntN(4) {
			w.work()
		}
	case n < 87:
		w.aReaderActs()
	case n < 91:
		w.anAdminSends()
	case n < 94:
		wish := ImportWish{Course: "natverk", Newsletter: w.IntN(2) == 0}
		if w.IntN(2) == 0 {
			wish.Consent = "ja"
		}
		w.imported(w.now, wish, w.someone(), w.someone())
	case n < 97:
		w.aWorkerDies()
	default:
		w.lookAgain()
	}
}

func (w *world) claim() {
	worker := w.workers[w.IntN(2)]
	claimed, err := w.Claim(w.ctx, w.now, worker, Scope{}, 1+w.IntN(6))
	w.must(err)
	for _, c := range claimed {
		w.held = append(w.held, held{Claimed: c, worker: worker})
	}
}

// work takes the next step with one letter in hand, which may be long lost.
func (w *world) work() {
	if len(w.held) == 0 {
		return
	}
	i := w.IntN(len(w.held))
	h := &w.held[i]
	done := true
	switch n := w.IntN(20); {
	case h.attempt == 0 && n < 14:
		attempt, err := w.tryMark(w.now, h.Claimed, []byte("bytes"))
		w.allow(err, ErrFenced)
		h.attempt, done = attempt, attempt == 0
	case h.attempt == 0 && n < 16:
		w.must(w.Release(w.ctx, h.Claimed, w.now))
	case h.attempt == 0 && n < 17:
		w.must(w.Park(w.ctx, h.Claimed, "broken"))
	case h.attempt == 0:
		w.ends(*h, Ending{Stage: AtRcpt, Code: []int{450, 450, 550}[w.IntN(3)]})
	case n < 2:
		w.must(w.Withdraw(w.ctx, h.Claimed, h.attempt))
	default:
		w.ends(*h, Ending{Stage: AtDot, Code: []int{250, 250, 250, 250, 451, 554, 0}[w.IntN(7)]})
		done = w.IntN(10) > 0 // now and then it is told twice
	}
	if done {
		w.held = append(w.held[:i], w.held[i+1:]...)
	}
}

func (w *world) ends(h held, e Ending) {
	w.recorded(Record{At: w.now, Claimed: h.Claimed, Worker: h.worker, Attempt: h.attempt, Relay: "relay", Ending: e, Verdict: Judge(e)})
}

// aReaderActs signs somebody up, opens one of their links, or leaves.
func (w *world) aReaderActs() {
	email := w.someone()
	w.allow(w.Subscribe(w.ctx, w.now, SignUp{Email: email, Newsletter: w.IntN(3) == 0, Access: "Läs.", NewsletterWording: "Ja."}))
	d := w.aLetter(email)
	switch w.IntN(5) {
	case 0:
		w.allow(w.Unsubscribe(w.ctx, w.now, w.UnsubscribeToken(d)), ErrToken)
	case 1:
		w.allow(w.Rejoin(w.ctx, w.now, w.UnsubscribeToken(d)), ErrToken, ErrTooLate)
	case 2:
		w.must(w.UnsubscribeAddress(w.ctx, w.now, email))
	default:
		var newest DeliveryKey
		w.must(w.db.Get(&newest, `select subscriber_id, id from deliveries where rank = 0 and subscriber_id = $1 order by planned_at desc limit 1`, d.SubscriberID))
		_, err := w.Confirm(w.ctx, w.now, w.ConfirmToken(newest), Confirmation{Course: []string{"natverk", "natverk", ""}[w.IntN(3)], Wording: "Starta"})
		w.allow(err, ErrExpired)
	}
}

// aLetter is any lesson of somebody's, or else a confirm letter.
func (w *world) aLetter(email string) DeliveryKey {
	w.Helper()
	var d DeliveryKey
	w.must(w.db.Get(&d, `
		select d.subscriber_id, d.id from deliveries d join subscribers s on s.id = subscriber_id
		where email = $1 order by rank desc, d.id limit 1`, email))
	return d
}

func (w *world) anAdminSends() {
	r := SendRequest{Week: 1 + w.IntN(8), Early: w.IntN(2) == 0}
	switch w.IntN(4) {
	case 0:
		r.All = true
	case 1:
		r.To, r.Resend = w.someone(), w.IntN(2) == 0
	}
	_, _, err := w.PlanSend(w.ctx, w.now, r, w.IntN(4) == 0)
	w.allow(err, ErrUnknown, ErrNotEnrolled)
}

func (w *world) aWorkerDies() {
	i := w.IntN(2)
	if w.IntN(2) == 0 {
		w.must(w.Leave(w.ctx, w.now, w.workers[i]))
	} else {
		w.exec(`update workers set heartbeat_at = now() - interval '1 hour' where id = $1`, w.workers[i])
		_, err := w.Recover(w.ctx, w.now, lease)
		w.must(err)
	}
	w.workers[i] = w.newWorker()
}

// lookAgain ends the quarantine, and queues what is parked again, but for those
// who left, as an admin will.
func (w *world) lookAgain() {
	_, err := w.EndQuarantine(w.ctx, w.now, 0)
	w.must(err)
	w.exec(`
		update deliveries d
		set state = 'queued', ready_at = $1, reason = null
		where state = 'parked' and not exists (
			select from enrolments e where e.subscriber_id = d.subscriber_id and e.state = 'left')`, w.now)
}

// settle lets the weeks pass without further faults, until nothing is left to do.
func (w *world) settle() {
	w.Helper()
	for _, worker := range w.workers {
		w.must(w.Leave(w.ctx, w.now, worker))
	}
	for range 15 {
		w.lookAgain()
		w.planned(w.now)
		w.deliver(w.now)
		w.now = w.now.AddDate(0, 0, 7)
	}
	if unfinished := w.lines(`select email || ' ' || e.state from enrolments e join subscribers s on s.id = subscriber_id where e.state not in ('finished', 'left')`); len(unfinished) > 0 {
		w.Errorf("unfinished: %v", unfinished)
	}
	if missing := w.lines(`
		select s.email || ' lacks brev' || n || ': ' || coalesce(d.state, 'never planned')
		from enrolments e
		join subscribers s on s.id = e.subscriber_id
		cross join generate_series(1, 8) n
		left join deliveries d on d.subscriber_id = e.subscriber_id and d.letter = 'lesson:natverk/brev' || n and d.copy = 0
		where e.course = 'natverk' and e.state = 'finished' and coalesce(d.state, '') not in ('accepted', 'rejected')`); len(missing) > 0 {
		w.Error(missing)
	}
}
