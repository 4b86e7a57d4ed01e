package worker_test

import (
	"regexp"
	"strings"
	"testing"

	"fortsatt/course"
)

var questionLink = regexp.MustCompile(`https://atta\.example/min-fraga/([a-z2-7]+)`)

// Åsa asks, sees the wording, says yes and is told; Bo is declined. Nothing that either
// of them or the editors wrote stands in a letter: it stands behind its link.
func TestLettersAboutQuestions(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	relay := st.relay(nil)
	st.enrolled(st.clock.Now(), course.Person{Address: anna, Name: "Åsa"}, course.Person{Address: bo})
	st.must(st.worker(nil, relay).Work(st.ctx, lesson(1), nil))
	secret := "Måste jag mingla med kollegorna på Hemliga Bolaget?"
	ask := func(email string) (id string) {
		st.must(st.Ask(st.ctx, st.clock.Now(), course.AskedQuestion{
			SubscriberID: st.newest(email).SubscriberID, Text: secret + " Hälsar " + email[:3], Signature: "Hellre kaffe än mingel", Consent: "Skicka",
		}))
		st.must(st.db.Get(&id, `select q.id from questions q join subscribers s on s.id = subscriber_id where email = $1`, email))
		return id
	}
	q, err := st.Propose(st.ctx, st.clock.Now(), ask(anna), course.Proposal{Answer: "Nej, det måste du inte."})
	st.must(err)
	_, err = st.Decline(st.ctx, st.clock.Now(), ask(bo), "Ring 1177 i stället.")
	st.must(err)

	st.starts(st.worker(nil, relay))
	st.took(relay, 4)
	proposal, declined := st.about(relay, anna, 2), st.about(relay, bo, 2)
	token := link(st, questionLink, proposal.text+proposal.html)
	st.must(st.Approve(st.ctx, st.clock.Now(), token, course.Said{Proposal: q.Proposal(), Consent: "Ja"}))
	st.clock.wake()
	st.took(relay, 5)
	answered := st.about(relay, anna, 3)

	for kind, l := range map[string]readLetter{"question-wording": proposal, "question-declined": declined, "question-answered": answered} {
		if want := shipped().Letters[kind].Title; !strings.Contains(l.html, want) {
			t.Errorf("%s: no heading %q in\n%s", kind, want, l.html)
		}
		l.wants(st, map[string]string{"List-Unsubscribe": "", "List-Id": "", "Reply-To": "Redaktionen <redaktion@atta.example>"})
		for _, written := range []string{"mingla", "kaffe", "Hemliga", "1177", "måste du inte"} {
			if strings.Contains(l.subject+l.text+l.html, written) {
				t.Errorf("%s holds %q:\n%s", kind, written, l.text)
			}
		}
		if !strings.Contains(l.text, "Hej Åsa!\n") && kind != "question-declined" || kind == "question-declined" && !strings.Contains(l.text, "Hej!\n") {
			t.Errorf("%s greets otherwise:\n%s", kind, l.text)
		}
	}
	for _, l := range []readLetter{proposal, answered, declined} {
		if _, err := st.QuestionLink(st.ctx, st.clock.Now(), link(st, questionLink, l.text+l.html)); err != nil {
			t.Errorf("the link in %q: %v", l.subject, err)
		}
	}
}

// about reads the nth letter that a relay took for somebody.
func (st *story) about(r *relay, email string, n int) readLetter {
	st.Helper()
	letters := letterTo(r, email)
	if len(letters) < n {
		st.Fatalf("%d letters to %s, want %d", len(letters), email, n)
	}
	return read(st, letters[n-1])
}
