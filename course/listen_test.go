package course

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestNewWorkWakesWhoListens(t *testing.T) {
	st := begin(t)
	ctx, cancel := context.WithCancel(st.ctx)
	defer cancel()
	hints, err := Listen(ctx, st.dsn)
	st.must(err)
	now := at("2026-11-03 08:00")
	wakes := func(what string, event func()) {
		t.Helper()
		event()
		select {
		case <-hints:
		case <-time.After(20 * time.Second):
			t.Errorf("%s woke nobody", what)
		}
	}
	wakes("a sign-up", func() { st.signUp(now, anna) })
	wakes("a confirmation", func() { st.confirmed(now, anna, "natverk") })
	wakes("a send", func() { st.sent(now, SendRequest{Week: 2, To: anna}) })
	wakes("a test", func() { st.tested(1, "red@exempel.se") })
	wakes("an import", func() { st.imported(now, withConsent, bo) })
	wakes("an import that asks", func() { st.imported(now, ImportWish{}, cilla) })
	wakes("a worker's end", func() { st.must(st.Leave(st.ctx, at("2026-11-03 08:00"), st.worker)) })
	st.leave(now, anna, "brev1")
	wakes("an undoing", func() { st.must(st.Rejoin(st.ctx, now, st.UnsubscribeToken(st.key(anna, "brev1")))) })
}

func TestListeningEndsWithItsContextAlsoWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := Listen(ctx, "postgres://nobody@127.0.0.1:1/x?sslmode=disable")
		done <- err
	}()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want that the context ended", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it still waits")
	}
}
