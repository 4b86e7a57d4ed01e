package course

import (
	"crypto/sha256"
	"time"
)

// relay is the other end of the wire, and keeps what is true: each letter that
// it took, whether or not anybody heard of it.
type relay struct {
	away    time.Time // until then it answers nobody
	taken   map[DeliveryKey][]copyTaken
	told    map[DeliveryKey]int // the last attempt of which a 250 was recorded
	letters int
	copies  int // second ones
}

// copyTaken is one time that a letter was taken.
type copyTaken struct {
	Claimed
	sum     [32]byte
	attempt int
	at      time.Time
}

var lostAtDot = Ending{Stage: AtDot, Reply: "connection lost"}

// offer is the dialogue up to the dot. It says how it ended, if it did.
func (r *relay) offer(w *world, to *person) (Ending, bool) {
	switch {
	case w.now.Before(r.away):
		return Ending{Stage: AtConnect, Reply: "refused"}, true
	case to.full:
		return Ending{Stage: AtRcpt, Code: 452, Enhanced: "4.2.2"}, true
	case !w.fault(6):
		return Ending{}, false
	}
	endings := []Ending{
		{Stage: AtConnect, Reply: "refused"}, {Stage: AtGreeting, Code: 554}, {Stage: AtAuth, Code: 535},
		{Stage: AtMail, Code: 451}, {Stage: AtMail, Reply: "connection lost"},
		{Stage: AtRcpt, Code: 450}, {Stage: AtRcpt, Code: 450}, {Stage: AtRcpt, Code: 452, Enhanced: "4.2.2"},
		{Stage: AtRcpt, Code: 550, Enhanced: "5.1.1"}, {Stage: AtRcpt, Code: 550, Enhanced: "5.7.1"},
		{Stage: AtData, Code: 421}, {Stage: AtData, Code: 451}, {Stage: AtData, Code: 554}, {Stage: AtData, Reply: "connection lost"},
	}
	return endings[w.IntN(len(endings))], true
}

// rest is how long a process passes the relay over.
func (r *relay) rest(w *world) time.Time {
	return w.now.Add(time.Duration(1+w.IntN(300)) * time.Second)
}

// dot ends a letter: whether it is taken, what is answered, and when.
func (r *relay) dot(w *world, l *line) (Ending, time.Time) {
	w.Helper()
	yes := Ending{Stage: AtDot, Code: 250, Reply: "250 OK", QueueID: "Q1"}
	soon := w.now.Add(time.Duration(w.IntN(200)) * time.Millisecond)
	late := w.now.Add(time.Duration(1+w.IntN(600)) * time.Second)
	if !w.fault(12) {
		r.take(w, l)
		return yes, soon
	}
	switch w.IntN(9) {
	case 0, 1: // taken, and said so late
		r.take(w, l)
		return yes, late
	case 2, 3: // taken, and nobody hears of it
		r.take(w, l)
		return lostAtDot, []time.Time{soon, w.now.Add(replyWait)}[w.IntN(2)]
	case 4: // the connection was lost before it was taken
		return lostAtDot, soon
	case 5:
		return Ending{Stage: AtDot, Code: 451, Reply: "451 try later"}, soon
	case 6:
		return Ending{Stage: AtDot, Code: 554, Reply: "554 no"}, soon
	case 7:
		return Ending{Stage: AtDot, Code: 550, Enhanced: "5.7.1", Reply: "550 policy"}, soon
	}
	return Ending{Stage: AtDot, Code: 421, Reply: "421 closing"}, late
}

func (r *relay) take(w *world, l *line) {
	w.Helper()
	c := copyTaken{Claimed: l.job, sum: sha256.Sum256(l.bytes), attempt: l.attempt, at: w.now}
	before := r.taken[c.DeliveryKey]
	if len(before) > 0 {
		r.copies++
		w.mayBeRepeated(c, before)
	}
	r.letters++
	w.arrives(c)
	r.taken[c.DeliveryKey] = append(before, c)
}
