package course

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// fields decodes what a script would read.
func fields(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func wantFields(t *testing.T, what string, v any, want ...string) {
	t.Helper()
	m, ok := v.(map[string]any)
	for _, name := range want {
		if _, there := m[name]; !there {
			t.Errorf("%s lacks %q; it has %v (an object: %v)", what, name, slices.Sorted(maps.Keys(m)), ok)
		}
	}
}

// The contract of `subscribers show --json`.
func TestShowKeepsItsContract(t *testing.T) {
	st := begin(t)
	st.reached(1, at("2026-11-03 08:00"), anna)
	st.signUp(at("2026-11-03 08:00"), bo)
	show := func(email string) map[string]any {
		p, err := st.Show(st.ctx, email)
		st.must(err)
		return fields(t, p)
	}
	m := show(" ANNA@exempel.se ")
	wantFields(t, "show", m, "email", "name", "state", "suppressed", "newsletter", "enrolments", "deliveries")
	if m["email"] != anna || m["state"] != "active" || m["suppressed"] != nil {
		t.Errorf("anna is %v", m)
	}
	if _, there := m["id"]; there {
		t.Error("the number that stands in her links is shown")
	}
	enrolment := m["enrolments"].([]any)[0].(map[string]any)
	want := map[string]any{"course": "natverk", "state": "active", "position": 1.0}
	for name, value := range want {
		if enrolment[name] != value {
			t.Errorf("enrolment %s is %v, want %v", name, enrolment[name], value)
		}
	}
	next, err := time.Parse(time.RFC3339, fmt.Sprint(enrolment["next_due_at"]))
	if err != nil || !next.Equal(at("2026-11-10 08:00")) {
		t.Errorf("next_due_at is %v, want the 10th at eight", enrolment["next_due_at"])
	}
	delivery := m["deliveries"].([]any)[1].(map[string]any)
	if delivery["letter"] != "lesson:natverk/brev1" || delivery["state"] != "accepted" {
		t.Errorf("her second letter is %v", delivery)
	}

	m = show(bo)
	if list, ok := m["enrolments"].([]any); !ok || len(list) != 0 {
		t.Errorf("no enrolments are shown as %v, want []", m["enrolments"])
	}
	st.returned(at("2026-11-03 09:00"), noMailbox, st.key(bo, "confirm:1"))
	if m = show(bo); m["suppressed"] != "bounce" {
		t.Errorf("suppressed is %v, want bounce", m["suppressed"])
	}
	if _, err := st.Show(st.ctx, cilla); !errors.Is(err, ErrUnknown) {
		t.Errorf("a stranger: %v, want ErrUnknown", err)
	}
	if _, err := st.Show(st.ctx, "nonsens"); !errors.Is(err, ErrAddress) {
		t.Errorf("nonsense: %v, want ErrAddress", err)
	}
}

func TestNothingMoreIsDueFromACourseThatIsOver(t *testing.T) {
	st := begin(t)
	st.reached(7, at("2026-11-03 08:00"), anna)
	st.planned(at("2026-11-10 08:00")) // the eighth is under way
	st.joined(at("2026-11-10 08:00"), bo)
	st.leave(at("2026-11-10 08:00"), bo, "brev1")
	st.wantPlace(anna, "8 active")
	st.wantPlace(bo, "1 left")
}

// P5: whoever asks gets everything. Every text and every moment that is held
// about a person is made unmistakable, and must be found in the dossier.
func TestADossierHoldsEverything(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.asks(now, SignUp{Email: anna, Newsletter: true, Article: "laget", Form: "/artiklar/laget", Access: "Läs.", NewsletterWording: "Ja."})
	st.deliver(now)
	st.confirmed(now, anna, "natverk")
	st.deferredOnce(now)
	st.deliver(now.Add(time.Hour))
	st.confirmedAgain(now.Add(time.Hour), anna)
	st.joined(now.Add(time.Hour), bo) // not hers
	st.confirmedAgain(now.Add(2*time.Hour), anna)
	st.asksIn(now.Add(3*time.Hour), anna, "annas telefon")
	if _, err := st.LoginByCode(st.ctx, now.Add(3*time.Hour), "annas telefon", st.LoginCode(st.key(anna, "login:1"))); err != nil {
		t.Fatal(err)
	}
	st.must(st.Subscribe(st.ctx, now.Add(4*time.Hour), SignUp{Email: anna, Article: "laget", Form: "/anmalan", Access: "Läs.", IP: netip.MustParseAddr("192.0.2.7")}))
	st.must(st.Subscribe(st.ctx, now.Add(4*time.Hour), SignUp{Email: bo, Form: "/anmalan"})) // not hers
	st.exec(`update signups set fault = 'f' where email = $1`, anna)
	st.exec(`update enrolments set state = 'finished', ended_at = now() where subscriber_id <> $1`, st.key(bo, "brev1").SubscriberID)
	st.exec(`insert into enrolments (subscriber_id, course, next_due_at, started_at) select id, 'omtanke', now(), now() from subscribers where email = $1`, anna)
	st.exec(`update deliveries set queue_id = 'q', reason = 'r' where state = 'accepted'`)
	st.exec(`update consents set ip = '192.0.2.0/24'`)
	st.returned(now, ReturnedMail{Kind: ReturnFailed, Enhanced: "5.2.2", Diagnostic: "full", Raw: []byte("en studs")}, st.key(anna, "brev1"))
	for n, text := range []string{mingle, mingleNow, mingle + " Igen."} { // one waits, one is published, one declined
		id := st.asked(now.Add(2*time.Hour), st.key(anna, "brev1").SubscriberID, text)
		if n == 1 {
			q := st.proposed(now.Add(2*time.Hour), id, Proposal{})
			st.must(st.Approve(st.ctx, now.Add(2*time.Hour), st.about(anna, "question-wording:2"), yes(q)))
		} else if n == 2 {
			_, err := st.Decline(st.ctx, now.Add(2*time.Hour), id, "Nej.")
			st.must(err)
		}
	}
	st.exec(`update addresses set suppressed = 'bounce', suppressed_at = now()`)

	// What is not told, and why.
	untold := map[string]string{
		"deliveries.doubted_at": "an attempt's ended_at once more", "enrolments.course": "stands in the letters' names", "deliveries.letter": "a name of ours", "requests.letter": "the same",
		"subscribers.kind": "one of few words", "subscribers.state": "the same", "enrolments.state": "the same", "deliveries.state": "the same",
		"attempts.outcome": "the same", "consents.event": "the same", "consents.purpose": "the same", "addresses.suppressed": "the same",
		"returns.kind": "the same", "returns.judged": "the same", "questions.state": "the same", "questions.id": "no two are the same",
		"signups.email": "the address once more",
	}
	annas := st.key(anna, "brev1").SubscriberID
	var want []string
	moment := at("2031-01-01 12:00")
	for _, column := range st.lines(`
		select c.table_name || '.' || c.column_name || '.' || c.data_type
		from information_schema.columns c
		where table_schema = 'public' and data_type in ('text', 'inet', 'timestamp with time zone', 'ARRAY')
		and (table_name in ('subscribers', 'wordings', 'signups') or exists (
			select from information_schema.columns o where o.table_name = c.table_name and o.column_name = 'subscriber_id'))
		order by 1`) {
		name, kind := column[:strings.LastIndex(column, ".")], column[strings.LastIndex(column, ".")+1:]
		table, col, _ := strings.Cut(name, ".")
		if untold[name] != "" {
			continue
		}
		canary, value := "kanarie-"+table+"-"+col, "$1"
		switch kind {
		case "timestamp with time zone":
			moment = moment.AddDate(0, 0, 1)
			canary, value = moment.UTC().Format("2006-01-02T15:04:05Z"), "cast($1 as timestamptz)"
		case "ARRAY":
			moment = moment.AddDate(0, 0, 1)
			canary, value = moment.UTC().Format("2006-01-02T15:04:05Z"), "array[cast($1 as timestamptz)]"
		case "inet":
			canary, value = "198.51.100.0/24", "cast($1 as inet)"
		}
		whose := fmt.Sprintf("subscriber_id = %d", annas)
		switch table {
		case "subscribers":
			whose = fmt.Sprintf("id = %d", annas)
		case "wordings":
			whose = "true"
		case "signups":
			whose = fmt.Sprintf("email = '%s'", anna)
		}
		result, err := st.db.Exec(fmt.Sprintf(`update %s set %s = %s where %s is not null and %s`, table, col, value, col, whose), canary)
		st.must(err)
		if n, _ := result.RowsAffected(); n == 0 {
			t.Errorf("no row to plant %s in", name)
		}
		want = append(want, canary)
	}

	st.exec(`update signups set email = 'kanarie-subscribers-email' where email = $1`, anna) // as hers is now

	dossier, err := st.Dossier(st.ctx, anna)
	st.must(err)
	text, err := json.Marshal(dossier)
	st.must(err)
	for _, canary := range want {
		if !strings.Contains(string(text), canary) {
			t.Errorf("the dossier lacks %s", canary)
		}
	}
	if len(want) < 25 || strings.Contains(string(text), bo) {
		t.Errorf("%d canaries, or bo is in anna's dossier", len(want))
	}
	wantFields(t, "the dossier", fields(t, dossier), "email", "enrolments", "deliveries", "consents", "attempts", "requests", "sessions")
	st.exec(`truncate subscribers cascade`) // nothing of this adds up
	st.exec(`truncate addresses`)
}

func TestListNamesEveryReaderOncePerCourse(t *testing.T) {
	st := begin(t)
	st.joined(at("2026-11-03 08:00"), bo)
	st.joined(at("2026-11-03 09:00"), anna)
	st.signUp(at("2026-11-03 10:00"), bo)
	st.confirmed(at("2026-11-03 10:00"), bo, "omtanke")
	st.signUp(at("2026-11-03 11:00"), cilla)
	st.leave(at("2026-11-03 12:00"), anna, "brev1")
	st.signUp(at("2026-11-03 12:00"), "erased@exempel.se")
	st.must(st.Erase(st.ctx, at("2026-11-03 12:00"), "erased@exempel.se"))
	if _, err := st.PlanTest(st.ctx, at("2026-11-03 07:00"), "", 1, "red@exempel.se"); err != nil {
		t.Fatal(err)
	}
	var got []string
	st.must(st.List(st.ctx, func(l Listed) error {
		line := l.Email + " " + l.State
		if l.Suppressed != nil {
			line += " " + *l.Suppressed
		}
		if l.Course != nil {
			line += fmt.Sprintf(" %s %d %s", *l.Course, *l.Position, *l.Enrolment)
		}
		if l.NextDueAt != nil {
			line += " next " + local(*l.NextDueAt)
		}
		got = append(got, line)
		return nil
	}))
	want := []string{
		"bo@exempel.se active natverk 1 active next Tue 2026-11-10 08:00",
		"bo@exempel.se active omtanke 1 active next Thu 2026-11-12 17:00",
		"anna@exempel.se active unsubscribed natverk 1 left",
		"cilla@exempel.se pending",
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	enough := errors.New("enough")
	if err := st.List(st.ctx, func(Listed) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the caller's %v is lost: %v", enough, err)
	}
}
