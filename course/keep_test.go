package course

import (
	"context"
	"fmt"
	"testing"
)

// While one statement is under way 250 more ask. They go in groups, everyone once,
// and in the order in which they came.
func TestWhoAsksAtOnceGoesTogether(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan bool), make(chan bool)
	var sizes []int
	var kept []Address
	k := &keeper{store: func(_ context.Context, group []asked) error {
		begun <- true
		<-goOn
		sizes = append(sizes, len(group))
		for _, a := range group {
			kept = append(kept, a.Email)
		}
		return nil
	}}
	answers := make(chan error)
	ask := func(n int) {
		go func() { answers <- k.keep(t.Context(), asked{Email: Address(fmt.Sprint(n))}) }()
	}
	ask(0)
	<-begun
	for n := range 250 {
		ask(n + 1)
		for { // until it waits
			k.mu.Lock()
			waits := len(k.waiting)
			k.mu.Unlock()
			if waits > n {
				break
			}
		}
	}
	go func() {
		for range begun {
			goOn <- true
		}
	}()
	goOn <- true
	for range 251 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	close(begun)
	if got, want := fmt.Sprint(sizes), "[1 100 100 50]"; got != want {
		t.Errorf("groups of %s, want %s", got, want)
	}
	for n, email := range kept {
		if email != Address(fmt.Sprint(n)) {
			t.Fatalf("the %dth kept is %s", n, email)
		}
	}
}

// What the database cannot take of one is not the others' misfortune.
func TestOneThatCannotBeKeptFailsAlone(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	var group []asking
	for _, a := range []asked{
		{At: now, Email: anna, Access: "Läs."}, {At: now, Email: bo, Article: "a\x00b", Access: "Läs."}, {At: now, Email: cilla, Access: "Läs mer."},
	} {
		group = append(group, asking{a, make(chan error, 1)})
	}
	st.keeper.keepGroup(group)
	for i, fails := range []bool{false, true, false} {
		if err := <-group[i].done; (err != nil) != fails {
			t.Errorf("%s: got %v, want an error: %v", group[i].Email, err, fails)
		}
	}
	if got, want := fmt.Sprint(st.lines(`select email || ' ' || text from signups join wordings on hash = access order by id`)), "[anna@exempel.se Läs. cilla@exempel.se Läs mer.]"; got != want {
		t.Errorf("kept are %s, want %s", got, want)
	}
}

// Who does not wait for the answer has asked all the same.
func TestWhoGoesAwayHasAsked(t *testing.T) {
	st := begin(t)
	gone, leave := context.WithCancel(st.ctx)
	leave()
	if err := st.Subscribe(gone, at("2026-11-05 10:00"), SignUp{Email: anna, Form: "/anmalan", Access: "Läs."}); err == nil {
		t.Log("it was quicker than that")
	}
	st.until(`select count(*) = 1 from signups where email = 'anna@exempel.se'`)
}
