package course

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"fortsatt/demo"
)

func TestMigratingAnEmptyDatabaseAndAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := demo.EmptyDatabase(t)
	ran, err := MigrateSteps(ctx, dsn)
	if err != nil || !slices.Contains(ran, "00001_ledger.sql") {
		t.Fatalf("ran %v, %v, want 00001_ledger.sql among them", ran, err)
	}
	open(t, dsn).joined(at("2026-11-05 10:00"), anna) // it serves
	if ran, err = MigrateSteps(ctx, dsn); err != nil || len(ran) != 0 {
		t.Errorf("the second time ran %v, %v, want nothing", ran, err)
	}
}

func TestTenMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	ran := make([][]string, 10)
	errs := make([]error, 10)
	together(10, func(i int) { ran[i], errs[i] = MigrateSteps(context.Background(), dsn) })
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if all := slices.Concat(ran...); len(all) != len(slices.Compact(slices.Sorted(slices.Values(all)))) || len(all) == 0 {
		t.Errorf("ran %v, want each migration once", all)
	}
	open(t, dsn)
}

func TestMigratingWhatIsAway(t *testing.T) {
	t.Parallel()
	if err := Migrate(context.Background(), "postgres://nobody@127.0.0.1:1/x?sslmode=disable"); !errors.Is(err, ErrAway) {
		t.Errorf("%v, want ErrAway", err)
	}
}

func TestAFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	dsn := demo.EmptyDatabase(t)
	db := sqlx.MustOpen("postgres", dsn)
	defer db.Close()
	db.MustExec(`create table attempts (x int)`) // in the way of the last table but one
	if err := Migrate(context.Background(), dsn); err == nil {
		t.Fatal("migrated over a table that was there")
	}
	db.MustExec(`drop table attempts`)
	if err := Migrate(context.Background(), dsn); err != nil {
		t.Errorf("a second try: %v", err)
	}
}

// The database keeps the promises, whoever writes to it.
func TestTheDatabaseRefuses(t *testing.T) {
	st := begin(t)
	now := at("2026-11-05 10:00")
	st.joined(now, anna)
	st.deferredOnce(now)
	st.deliver(now.Add(time.Hour)) // brev1 is accepted
	st.returned(now, ReturnedMail{Kind: ReturnFailed, Enhanced: "5.2.2"}, st.key(anna, "brev1"))
	st.must(st.KeepHook(st.ctx, now, "ses", []byte("{}")))
	st.asksIn(now, anna, "telefon")
	st.must(st.Subscribe(st.ctx, now, SignUp{Email: bo}))
	st.asked(now, st.key(anna, "brev1").SubscriberID, mingle)
	const answered = `update questions set answer = 'Nej.', title = 'Om mingel', slug = 'om-mingel', `
	tests := []struct{ constraint, sql string }{
		{"installation_is_one_row", `insert into installation values (2, '\x00', now())`},
		{"installation_pkey", `insert into installation values (1, '\x00', now())`},
		{"subscribers_kind_known", `update subscribers set kind = 'bot'`},
		{"subscribers_state_known", `update subscribers set state = 'gone'`},
		{"subscribers_only_erased_lack_email", `update subscribers set email = null`},
		{"subscribers_only_erased_lack_email", `update subscribers set state = 'erased'`},
		{"subscribers_active_are_confirmed", `update subscribers set confirmed_at = null`},
		{"addresses_pkey", `insert into addresses (address_hash) select address_hash from addresses`},
		{"addresses_subscriber_id_fkey", `update addresses set subscriber_id = 1`},
		{"addresses_suppression_known", `update addresses set suppressed = 'whim', suppressed_at = now()`},
		{"addresses_suppression_has_date", `update addresses set suppressed = 'bounce'`},
		{"addresses_suppression_has_date", `update addresses set suppressed_at = now()`},
		{"consents_purpose_known", `update consents set purpose = 'profiling'`},
		{"consents_event_known", `update consents set event = 'guessed'`},
		{"consents_wording_fkey", `update consents set wording = '\x00'`},
		{"consents_subscriber_id_fkey", `update consents set subscriber_id = 1`},
		{"sessions_subscriber_id_fkey", `update sessions set subscriber_id = 1`},
		{"enrolments_pkey", `insert into enrolments (subscriber_id, course, next_due_at, started_at) select subscriber_id, course, now(), now() from enrolments`},
		{"enrolments_state_known", `update enrolments set state = 'lost'`},
		{"enrolments_position_counts", `update enrolments set position = -1`},
		{"enrolments_position_counts", `update enrolments set passed = -1`},
		{"enrolments_position_counts", `update enrolments set passed = position + 1`},
		{"enrolments_running_have_a_next", `update enrolments set next_due_at = null`},
		{"enrolments_running_have_a_next", `update enrolments set state = 'paused', next_due_at = null`},
		{"enrolments_ended_have_a_date", `update enrolments set state = 'left'`},
		{"enrolments_ended_have_a_date", `update enrolments set ended_at = now()`},
		{"requests_pkey", `insert into requests select * from requests`},
		{"requests_subscriber_id_fkey", `update requests set subscriber_id = 1`},
		{"deliveries_state_known", `update deliveries set state = 'delivered', settled_at = null`},
		{"deliveries_once", `insert into deliveries (subscriber_id, id, letter, version, rank, planned_at, due_at, ready_at)
			select subscriber_id, 1, letter, version, rank, now(), now(), now() from deliveries`},
		{"deliveries_pkey", `insert into deliveries (subscriber_id, id, letter, version, rank, planned_at, due_at, ready_at)
			select subscriber_id, id, letter || 'x', version, rank, now(), now(), now() from deliveries`},
		{"deliveries_version_fkey", `update deliveries set version = '\x00'`},
		{"deliveries_subscriber_id_fkey", `insert into deliveries (subscriber_id, id, letter, version, rank, planned_at, due_at, ready_at)
			select 1, 1, letter, version, rank, now(), now(), now() from deliveries limit 1`},
		{"deliveries_waiting_are_ready", `update deliveries set state = 'queued', settled_at = null`},
		{"deliveries_waiting_are_ready", `update deliveries set state = 'deferred', settled_at = null`},
		{"deliveries_waiting_are_ready", `update deliveries set ready_at = now()`},
		{"deliveries_settled_have_a_date", `update deliveries set settled_at = null`},
		{"deliveries_settled_have_a_date", `update deliveries set state = 'rejected', settled_at = null`},
		{"deliveries_settled_have_a_date", `update deliveries set state = 'cancelled', settled_at = null`},
		{"deliveries_settled_have_a_date", `update deliveries set state = 'parked'`},
		{"deliveries_sending_are_marked", `update deliveries set marked_at = null`},
		{"deliveries_sending_are_marked", `update deliveries set attempt = 0`},
		{"deliveries_sending_are_marked", `update deliveries set state = 'sending', settled_at = null, marked_at = null`},
		{"deliveries_sending_are_marked", `update deliveries set state = 'uncertain', doubted_at = now(), settled_at = null, marked_at = null`},
		{"deliveries_uncertain_are_doubted", `update deliveries set state = 'uncertain', settled_at = null`},
		{"deliveries_uncertain_are_doubted", `update deliveries set doubted_at = now()`},
		{"attempts_outcome_known", `update attempts set outcome = 'delivered'`},
		{"attempts_pkey", `insert into attempts select * from attempts`},
		{"attempts_subscriber_id_delivery_id_fkey", `update attempts set delivery_id = 1 where delivery_id = (select min(delivery_id) from attempts)`},
		{"returns_kind_known", `update returns set kind = 'spam'`},
		{"returns_judgement_known", `update returns set judged = 'maybe'`},
		{"returns_pkey", `insert into returns select * from returns`},
		{"returns_subscriber_id_delivery_id_fkey", `update returns set delivery_id = 1`},
		{"hooks_once", `insert into hooks (provider, hash, body, kept_at) select provider, hash, body, kept_at from hooks`},
		{"hooks_waiting_have_a_body", `update hooks set body = null`},
		{"hooks_waiting_have_a_body", `update hooks set body = null, read_at = now(), error = 'unreadable'`},
		{"signups_logins_name_a_browser", `update signups set browser = '\x00'`},
		{"signups_logins_name_a_browser", `update signups set login = true`},
		{"logins_pkey", `insert into logins (browser, article, at) select browser, '', now() from logins`},
		{"logins_one_a_letter", `insert into logins select '\x00', subscriber_id, delivery_id, '', now() from logins`},
		{"logins_subscriber_id_delivery_id_fkey", `update logins set delivery_id = 1`},
		{"breaker_is_one_row", `insert into breaker values (2, now(), '{}', 0)`},
		{"breaker_pkey", `insert into breaker select * from breaker`},
		{"questions_pkey", `insert into questions (subscriber_id, number, id, asked_at, text, signature) select subscriber_id, number, 'x', asked_at, text, signature from questions`},
		{"questions_id_once", `insert into questions (subscriber_id, number, id, asked_at, text, signature) select subscriber_id, 2, id, asked_at, text, signature from questions`},
		{"questions_subscriber_id_fkey", `update questions set subscriber_id = 1`},
		{"questions_state_known", `update questions set state = 'lost', text = null, signature = null`},
		{"questions_text_waits_for_an_answer", `update questions set text = null`},
		{"questions_text_waits_for_an_answer", answered + `wording = text, state = 'published', proposed_at = now(), published_at = now()`},
		{"questions_signature_stands_while_needed", `update questions set signature = null`},
		{"questions_signature_stands_while_needed", `update questions set state = 'withdrawn', closed_at = now(), text = null`},
		{"questions_wording_is_whole", `update questions set title = 'Om mingel'`},
		{"questions_wording_is_whole", answered + `state = 'proposed', proposed_at = now()`},
		{"questions_wording_is_whole", answered + `wording = text, state = 'declined', closed_at = now(), text = null, signature = null`},
		{"questions_answer_is_given", `update questions set answer = 'Nej.'`},
		{"questions_answer_is_given", answered + `wording = text, state = 'withdrawn', closed_at = now(), text = null, signature = null`},
		{"questions_proposed_have_a_date", answered + `wording = text, state = 'proposed'`},
		{"questions_published_have_a_date", `update questions set published_at = now()`},
		{"questions_published_have_a_date", answered + `wording = text, state = 'published', proposed_at = now(), text = null`},
		{"questions_closed_have_a_date", `update questions set closed_at = now()`},
		{"questions_closed_have_a_date", `update questions set state = 'withdrawn', text = null, signature = null`},
	}
	tried := map[string]bool{}
	for _, c := range tests {
		tried[c.constraint] = true
		_, err := st.db.Exec(c.sql)
		if refusal := new(pq.Error); !errors.As(err, &refusal) || refusal.Constraint != c.constraint {
			t.Errorf("%s\n\t%v, want it refused by %s", c.sql, err, c.constraint)
		}
	}
	for _, name := range st.lines(`
		select conname from pg_constraint c join pg_class r on r.oid = conrelid
		where contype = 'c' and r.relnamespace = 'public'::regnamespace and relname <> 'goose_db_version'`) {
		if !tried[name] {
			t.Errorf("constraint %s is not tried here", name)
		}
	}
}

// Marks and records are a letter's most frequent writes. They stay cheap (HOT)
// as long as no index holds a column that they touch.
func TestNoIndexHoldsWhatAMarkTouches(t *testing.T) {
	st := begin(t)
	indexed := st.lines(`
		select distinct text(a.attname)
		from pg_index i
		join pg_attribute a on a.attrelid = i.indrelid and (a.attnum = any(i.indkey)
			or pg_get_expr(i.indpred, i.indrelid) ~ ('\m' || a.attname || '\M'))
		where i.indrelid = 'deliveries'::regclass
		order by 1`)
	if got, want := strings.Join(indexed, " "), "copy doubted_at id letter rank ready_at subscriber_id"; got != want {
		t.Errorf("indexed are %q, want %q", got, want)
	}
	if options := st.lines(`select array_to_string(reloptions, ' ') from pg_class where relname = 'deliveries'`); options[0] != "fillfactor=70" {
		t.Errorf("deliveries has %q, want room on its pages", options[0])
	}
}
