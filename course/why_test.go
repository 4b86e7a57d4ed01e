package course

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func (st *story) wantWhy(now time.Time, email string, week int, want ...string) {
	st.Helper()
	got, err := st.Why(st.ctx, now, email, "", week)
	st.must(err)
	if !slices.Equal(got, want) {
		st.Errorf("why %s, week %d:\n%q, want\n%q", email, week, got, want)
	}
}

func TestWhyTellsOfEveryState(t *testing.T) {
	st, now := ready(t)
	why := func(now time.Time, want ...string) { t.Helper(); st.wantWhy(now, anna, 1, want...) }
	d := st.key(anna, "brev1")
	why(now, "queued since Tue 3 November 2026 08:00:00 CET, waits for a worker")
	c := st.claimOne(now)
	why(now, "being sent at this moment")
	st.must(st.Release(st.ctx, c, now.Add(59*time.Minute)))
	why(now, "queued, goes out on Tue 3 November 2026 08:59:00 CET")
	now = now.Add(59 * time.Minute)
	st.must(st.PutOff(st.ctx, []PutOff{{Claimed: st.claimOne(now), Until: now.Add(time.Minute), Reason: "at most 1 letter a day"}}))
	why(now, "queued, goes out on Tue 3 November 2026 09:00:00 CET (at most 1 letter a day)")
	now = now.Add(time.Minute)

	c = st.claimOne(now)
	attempt := st.mark(now, c)
	why(now, "being sent at this moment")
	st.ended(now, c, attempt, Ending{Stage: AtDot, Code: 451, Reply: "451 4.3.0 later"})
	why(now, "put off by the relay relay.exempel.se (451 4.3.0 later); tried again on Tue 3 November 2026 09:15:00 CET")
	now = now.Add(15 * time.Minute)

	c = st.claimOne(now)
	st.ended(now, c, st.mark(now, c), Ending{Stage: AtDot, Reply: "connection lost"})
	why(now, "uncertain: handed to the relay relay.exempel.se on Tue 3 November 2026 09:15:00 CET, and no reply came (connection lost); after the quarantine it is sent once more; 2 attempts")
	st.ended(now.Add(time.Minute), c, 2, accepted)
	why(now, "accepted by the relay relay.exempel.se on Tue 3 November 2026 09:16:00 CET, queue id Q1; 2 attempts")

	st.sent(now.Add(time.Hour), SendRequest{Week: 1, To: anna, Resend: true})
	c = st.claimOne(now.Add(time.Hour))
	st.ended(now.Add(time.Hour), c, 0, Ending{Stage: AtRcpt, Code: 550, Reply: "550 no such user"})
	why(now,
		"accepted by the relay relay.exempel.se on Tue 3 November 2026 09:16:00 CET, queue id Q1; 2 attempts",
		"copy 2: rejected by the relay relay.exempel.se on Tue 3 November 2026 10:15:00 CET: 550 no such user")

	st.exec(`delete from returns`)
	st.exec(`delete from attempts where delivery_id <> $1 and delivery_id in (select id from deliveries where copy > 0)`, d.ID)
	st.exec(`delete from deliveries where copy > 0`)
	st.exec(`delete from requests where copy > 0`)
	st.planned(at("2026-11-10 08:00"))
	st.must(st.Park(st.ctx, st.claimOne(at("2026-11-10 08:00")), "the template has no field Nam"))
	st.wantWhy(now, anna, 2, "parked, waits for an admin: the template has no field Nam; see course deliveries list")
	st.wantWhy(now, anna, 3, "not yet: due on Tue 17 November 2026 08:00:00 CET; waits for week 2, which is parked")
}

// The first copy's reply was never heard; the second's was, or was not either.
func TestWhyTellsOfASecondCopy(t *testing.T) {
	for name, c := range map[string]struct {
		end  Ending
		want string
	}{
		"heard":   {accepted, "accepted by the relay relay.exempel.se on Tue 3 November 2026 08:15:00 CET, queue id Q1; 2 attempts; second copy after a lost connection"},
		"unheard": {Ending{Stage: AtDot, Reply: "connection lost"}, "uncertain: handed to the relay relay.exempel.se on Tue 3 November 2026 08:15:00 CET, and no reply came (connection lost); after the quarantine it waits for an admin; 2 attempts; second copy after a lost connection"},
	} {
		t.Run(name, func(t *testing.T) {
			st, now := ready(t)
			first := st.claimOne(now)
			st.ended(now, first, st.mark(now, first), Ending{Stage: AtDot, Reply: "connection lost"})
			now = now.Add(Quarantine)
			_, err := st.EndQuarantine(st.ctx, now, Quarantine)
			st.must(err)
			second := st.claimOne(now)
			st.ended(now, second, st.mark(now, second), c.end)
			st.wantWhy(now, anna, 1, c.want)
		})
	}
}

func TestWhyTellsWhyThereIsNoLetter(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(2, now, anna)
	why := func(week int, want string) { t.Helper(); st.wantWhy(now, anna, week, want) }
	why(3, "not yet: due on Tue 10 November 2026 08:00:00 CET")
	why(5, "not yet: week 3 comes first, due on Tue 10 November 2026 08:00:00 CET")

	st.exec(`update enrolments set state = 'paused'`)
	why(3, "not sent: the enrolment is paused")
	st.exec(`update enrolments set state = 'active'`)

	st.planned(at("2026-11-10 08:00"))
	st.leave(at("2026-11-10 09:00"), anna, "brev1")
	why(3, "cancelled on Tue 10 November 2026 09:00:00 CET: the reader left the course")
	why(4, "not sent: left the course on Tue 10 November 2026 09:00:00 CET")

	st.exec(`update addresses set suppressed = 'bounce', suppressed_at = now() where subscriber_id = (select id from subscribers where email = $1)`, anna)
	st.exec(`update subscribers set state = 'blocked' where email = $1`, anna)
	why(4, "not sent: the address is suppressed (bounce)")

	st.signUp(now, bo)
	st.wantWhy(now, bo, 1, "not sent: signed up on Tue 3 November 2026 08:00:00 CET and has not confirmed the address")
	st.confirmed(now, bo, "omtanke")
	st.wantWhy(now, bo, 1, "not sent: not in the course natverk")

	st.reached(8, now, cilla)
	st.planned(now.Add(time.Hour))
	grown := aCourse("natverk", "brev", 9, natverk.Rhythm)
	grown.Lessons[2].ID = "nytt"
	st.must(st.Publish(st.ctx, someLetters, []Course{grown}))
	st.wantWhy(now, cilla, 9, "not sent: finished the course on Tue 3 November 2026 09:00:00 CET without it")
	st.reached(1, now, "dag@exempel.se")
	st.exec(`update enrolments set position = 4, passed = 3 where subscriber_id = (select id from subscribers where email = 'dag@exempel.se')`)
	st.wantWhy(now, "dag@exempel.se", 3, "not sent: the reader is past it, at week 4")
}

func TestWhyCannotTellOfWhatIsNot(t *testing.T) {
	st := begin(t)
	for _, c := range []struct {
		email, course string
		week          int
		want          error
	}{
		{anna, "", 1, ErrUnknown},
		{"nonsens", "", 1, ErrAddress},
		{anna, "", 9, ErrNoWeek},
		{anna, "", 0, ErrNoWeek},
		{anna, "okand", 1, ErrNoCourse},
	} {
		if _, err := st.Why(st.ctx, at("2026-11-03 08:00"), c.email, c.course, c.week); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c, err, c.want)
		}
	}
}
