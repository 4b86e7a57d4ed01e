package course

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"fortsatt/demo"
)

const newerSecret = "a newer secret of the tests, long enough too"

func TestAStoreOpensOnlyWithItsSecret(t *testing.T) {
	st := begin(t)
	before := st.dump()
	for _, secrets := range [][]string{{newerSecret}, {newerSecret, newerSecret + "!"}, {theSecret + " "}} {
		if s, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: secrets}); !errors.Is(err, ErrSecret) {
			t.Errorf("with %q: %v, %v, want ErrSecret", secrets, s, err)
		}
	}
	if s, err := Open(st.ctx, Options{DSN: st.dsn}); err == nil {
		s.Close()
		t.Error("opened without a secret")
	}
	if st.dump() != before {
		t.Error("a wrong secret changed the database")
	}
}

func TestASecretCanBeChanged(t *testing.T) {
	st := begin(t)
	st.signUp(at("2026-11-05 10:00"), anna)
	hash := st.keys.addressHash(anna)
	link := st.ConfirmToken(st.key(anna, "confirm:1"))

	both, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{newerSecret, theSecret}})
	st.must(err)
	defer both.Close()
	if got := both.keys.addressHash(anna); !bytes.Equal(got, hash) {
		t.Error("addresses hash differently under the new secret")
	}
	if p, err := both.Show(st.ctx, anna); err != nil || p.Email != anna {
		t.Errorf("anna is not found: %v", err)
	}
	if in, err := both.Invitation(st.ctx, at("2026-11-05 10:01"), link); err != nil || in.State != InvitationOpen {
		t.Errorf("her link is %v, %v, want open", in.State, err)
	}

	if s, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{theSecret}}); !errors.Is(err, ErrSecret) {
		t.Errorf("the old secret alone: %v, %v, want ErrSecret", s, err)
	}
	alone, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{newerSecret}})
	st.must(err)
	defer alone.Close()
	if p, err := alone.Show(st.ctx, anna); err != nil || p.Email != anna {
		t.Errorf("anna is not found with the new secret alone: %v", err)
	}
	if _, err := alone.Invitation(st.ctx, at("2026-11-05 10:01"), link); !errors.Is(err, ErrToken) {
		t.Errorf("a link of the old secret opens without it: %v", err)
	}
}

// All of them see that there is no key yet, and then one makes it.
func TestTwentyStoresOpenANewDatabaseAtOnce(t *testing.T) {
	st := begin(t)
	st.exec(`delete from installation`)
	tx := st.db.MustBegin()
	tx.MustExec(`lock table installation in exclusive mode`)
	hashes := make(chan []byte)
	for range 20 {
		go func() {
			s, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{theSecret}})
			if err != nil {
				t.Error(err)
				hashes <- nil
				return
			}
			defer s.Close()
			hashes <- s.keys.addressHash(anna)
		}()
	}
	st.until(`select count(*) = 20 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
	st.must(tx.Commit())
	first := <-hashes
	for range 19 {
		if h := <-hashes; !bytes.Equal(h, first) {
			t.Error("two stores hash an address differently")
		}
	}
}

// Whoever steals a dump has no key: neither the secret, nor what is derived
// from it, nor the key of the hashes stands in any column.
func TestTheDatabaseAloneHoldsNoKey(t *testing.T) {
	st := begin(t)
	st.reached(2, at("2026-11-10 08:00"), anna)
	done := st.confirmedAgain(at("2026-11-11 10:00"), anna)
	st.deliver(at("2026-11-11 10:00"))

	d := st.key(anna, "brev2")
	dump := st.dump()
	for what, key := range map[string][]byte{
		"the secret":         []byte(theSecret),
		"the address key":    st.keys.address,
		"the key of tokens":  derive(theSecret, "token"),
		"the key of passes":  derive(theSecret, "pass"),
		"the wrapping key":   derive(theSecret, "wrap"),
		"a confirm token":    []byte(st.ConfirmToken(d)),
		"an unsubscribe one": []byte(st.UnsubscribeToken(d)),
		"a session":          []byte(done.Session),
	} {
		if strings.Contains(dump, fmt.Sprintf("%x", key)) || strings.Contains(dump, string(key)) {
			t.Errorf("a dump holds %s", what)
		}
	}
	if !strings.Contains(dump, fmt.Sprintf("%x", st.keys.addressHash(anna))) {
		t.Error("the dump lacks what it should hold: the look was in vain")
	}
}

func TestAnUnmigratedDatabaseIsToldFromAnAbsentOne(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if s, err := Open(ctx, Options{DSN: demo.EmptyDatabase(t), Secrets: []string{theSecret}}); !errors.Is(err, ErrSchema) {
		t.Errorf("unmigrated: %v, %v, want ErrSchema", s, err)
	}
	for _, dsn := range []string{
		"postgres://nobody@127.0.0.1:1/x?sslmode=disable",
		"postgres:///x?sslmode=disable&host=" + filepath.Join(t.TempDir(), "nowhere"),
	} {
		if s, err := Open(ctx, Options{DSN: dsn, Secrets: []string{theSecret}}); !errors.Is(err, ErrAway) {
			t.Errorf("%s: %v, %v, want ErrAway", dsn, s, err)
		}
	}
}

func TestANewerDatabaseIsAccepted(t *testing.T) {
	st := begin(t)
	st.exec(`insert into goose_db_version (version_id, is_applied) values (9999, true)`)
	s, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{theSecret}})
	st.must(err)
	s.Close()
}

func TestAMissingMigrationIsToldOf(t *testing.T) {
	st := begin(t)
	st.exec(`delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)`)
	if s, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{theSecret}}); !errors.Is(err, ErrSchema) {
		t.Errorf("%v, %v, want ErrSchema", s, err)
	}
}

func TestEveryEventSaysWhenTheDatabaseIsAway(t *testing.T) {
	st := begin(t)
	now := at("2026-11-10 10:00")
	st.reached(1, at("2026-11-10 08:00"), anna)
	d := st.key(anna, "brev1")
	_, asked := ParseAddress(anna)
	st.must(asked)
	wire := splice(t, st.dsn)
	s, err := Open(st.ctx, Options{DSN: wire.dsn, Secrets: []string{theSecret}})
	st.must(err)
	defer s.Close()
	st.must(s.Publish(st.ctx, someLetters, []Course{natverk}))
	wire.cut()

	for what, err := range map[string]error{
		"Ping":               s.Ping(st.ctx),
		"Publish":            s.Publish(st.ctx, someLetters, []Course{natverk}),
		"Version":            second(s.Version(st.ctx, confirmV1.Hash())),
		"Subscribe":          s.Subscribe(st.ctx, now, SignUp{Email: bo}),
		"AskLogin":           s.AskLogin(st.ctx, now, LoginWish{Email: bo, Browser: "x"}),
		"TakeSignUps":        second(s.TakeSignUps(st.ctx, now)),
		"LoginLink":          second(s.LoginLink(st.ctx, now, s.LoginToken(d))),
		"Login":              second(s.Login(st.ctx, now, s.LoginToken(d), "x")),
		"LoginByCode":        second(s.LoginByCode(st.ctx, now, "x", "123456")),
		"Logout":             s.Logout(st.ctx, "x"),
		"Invitation":         second(s.Invitation(st.ctx, now, s.ConfirmToken(d))),
		"Confirm":            second(s.Confirm(st.ctx, now, s.ConfirmToken(d), Confirmation{})),
		"Reader":             second(s.Reader(st.ctx, now, "x")),
		"Rename":             s.Rename(st.ctx, d.SubscriberID, "Anna"),
		"PlanDue":            second(s.PlanDue(st.ctx, now)),
		"PlanSend":           send(s, now, SendRequest{Week: 2}),
		"PlanSend to one":    send(s, now, SendRequest{Week: 2, To: anna}),
		"PlanTest":           second(s.PlanTest(st.ctx, now, "", 1, anna)),
		"Claim":              second(s.Claim(st.ctx, now, 1, Scope{}, 1)),
		"Advance":            second(s.Advance(st.ctx, nil, []Mark{{At: now}})),
		"Advance a record":   second(s.Advance(st.ctx, []Record{{At: now}}, nil)),
		"Release":            s.Release(st.ctx, Claimed{}, now),
		"Park":               s.Park(st.ctx, Claimed{}, "why"),
		"Withdraw":           s.Withdraw(st.ctx, Claimed{}, 1),
		"Join":               second(s.Join(st.ctx, "x")),
		"Beat":               s.Beat(st.ctx, 1, ""),
		"Leave":              s.Leave(st.ctx, time.Now(), 1),
		"Recover":            second(s.Recover(st.ctx, time.Now(), time.Hour)),
		"Leaving":            second(s.Leaving(st.ctx, s.UnsubscribeToken(d))),
		"Unsubscribe":        s.Unsubscribe(st.ctx, now, s.UnsubscribeToken(d)),
		"UnsubscribeAddress": s.UnsubscribeAddress(st.ctx, now, anna),
		"Rejoin":             s.Rejoin(st.ctx, now, s.UnsubscribeToken(d)),
		"Erase":              s.Erase(st.ctx, now, anna),
		"Retain":             second(s.Retain(st.ctx, now)),
		"Import":             second(s.Import(st.ctx, now, []Person{{Address: bo}}, ImportWish{})),
		"Show":               second(s.Show(st.ctx, anna)),
		"Dossier":            second(s.Dossier(st.ctx, anna)),
		"List":               s.List(st.ctx, func(Listed) error { return nil }),
		"Why":                second(s.Why(st.ctx, now, anna, "", 1)),
		"Status":             second(s.Status(st.ctx, now)),
		"Tally":              second(s.Tally(st.ctx, Scope{})),
		"NextMoment":         second(s.NextMoment(st.ctx, Quarantine)),
	} {
		if !errors.Is(err, ErrAway) {
			t.Errorf("%s: %v, want ErrAway", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func send(s *Store, now time.Time, r SendRequest) error {
	_, _, err := s.PlanSend(context.Background(), now, r, false)
	return err
}

func TestAFaultOfOurOwnIsNotCalledAway(t *testing.T) {
	st := begin(t)
	st.exec(`alter table signups rename to lost`)
	err := st.Subscribe(st.ctx, at("2026-11-05 10:00"), SignUp{Email: anna})
	st.exec(`alter table lost rename to signups`)
	if err == nil || errors.Is(err, ErrAway) || !strings.HasPrefix(err.Error(), "subscribe: ") {
		t.Errorf("%v, want what was being done, and not ErrAway", err)
	}
}

// Two events that wait for one another: one is run again, and both happen.
func TestRow22ADeadlockIsRunAgain(t *testing.T) {
	st := begin(t)
	st.exec(`create table shelf (id int primary key, n int not null default 0)`)
	st.exec(`insert into shelf values (1), (2)`)
	met := make(chan struct{}, 2)
	errs := make([]error, 2)
	together(2, func(i int) {
		first := true
		errs[i] = st.transact(st.ctx, "swap", func(tx *sqlx.Tx) error {
			tx.MustExec(`update shelf set n = n + 1 where id = $1`, 1+i)
			if first {
				first = false
				met <- struct{}{}
				for len(met) < 2 {
					time.Sleep(time.Millisecond) // until the other holds its row too
				}
			}
			_, err := tx.Exec(`update shelf set n = n + 1 where id = $1`, 2-i)
			return err
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if n := st.count(`select sum(n) from shelf`); n != 4 {
		t.Errorf("%d updates stand, want 4", n)
	}
	st.exec(`drop table shelf`)
}
