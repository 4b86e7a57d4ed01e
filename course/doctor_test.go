package course_test

import (
	"errors"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/demo"
)

// Whatever is looked at stays as it is: a doctor with a wrong secret must not bind it to a
// new database.
func TestExamineChangesNothing(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	health := examine(t, dsn, "a secret that nobody should have bound")
	if !errors.Is(health.Schema, course.ErrSchema) || health.Secret != nil {
		t.Errorf("got %v and %v of an empty database, want ErrSchema alone", health.Schema, health.Secret)
	}
	if err := course.Migrate(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	health = examine(t, dsn, "a secret that nobody should have bound")
	if health.Schema != nil || health.Secret != nil {
		t.Errorf("got %v and %v of a database that is new, want no error", health.Schema, health.Secret)
	}

	const right, wrong = "the secret that Anna's links are made with", "a secret of some other installation"
	store, err := course.Open(t.Context(), course.Options{DSN: dsn, Secrets: []string{right}})
	if err != nil {
		t.Fatal("the database has taken the secret it was examined with: ", err)
	}
	store.Close()
	for _, c := range []struct {
		secrets []string
		want    error
	}{
		{[]string{right}, nil},
		{[]string{wrong, right}, nil},
		{[]string{wrong}, course.ErrSecret},
		{nil, nil},
		{[]string{right}, nil}, // and was not wrapped anew under the wrong one
	} {
		if got := examine(t, dsn, c.secrets...).Secret; got != c.want {
			t.Errorf("%q: got %v, want %v", c.secrets, got, c.want)
		}
	}
}

func TestExamineTellsTheClocksApart(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	for _, want := range []time.Duration{-time.Hour, 0, 90 * time.Second} {
		health, err := course.Examine(t.Context(), dsn, nil, func() time.Time { return time.Now().Add(-want) })
		if err != nil {
			t.Fatal(err)
		}
		if off := health.Behind - want; off.Abs() > 10*time.Second {
			t.Errorf("got %s behind, want %s", health.Behind, want)
		}
	}
}

// The settings are those that our sessions have, whoever set them.
func TestExamineReadsTheSettingsOfOurSessions(t *testing.T) {
	t.Parallel()
	own := demo.OwnServer(t)
	health := examine(t, own.DSN())
	if want := (course.Durability{Fsync: "off", FullPageWrites: "off", SynchronousCommit: "on", Isolation: "read committed"}); health.Settings != want {
		t.Errorf("got %+v, want %+v", health.Settings, want)
	}
	if health.ReadOnly || health.Pooled || health.Version < 140000 || health.Version > 990000 {
		t.Errorf("got %+v", health)
	}
	health = examine(t, own.DSN()+"&default_transaction_isolation=serializable&synchronous_commit=off&default_transaction_read_only=on")
	if health.Settings.Isolation != "serializable" || health.Settings.SynchronousCommit != "off" || !health.ReadOnly {
		t.Errorf("got %+v, want what the session was opened with", health)
	}
}

func examine(t *testing.T, dsn string, secrets ...string) course.Health {
	t.Helper()
	health, err := course.Examine(t.Context(), dsn, secrets, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return health
}
