package course

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// Proof that the export gives everything (P5), and that erasing leaves nothing
// (P6): a canary is put into every column that can hold a person's data, and
// every other column has to say why it holds none.
//
// A new column of text, octets, JSON, addresses or a list fails this test until it
// stands below. Can it hold what a person said, is called, or can be found by?
// Then it is plant, and so also a line of deletedBySubscriber or deletedByAddress,
// or a column that forget strips, and a part of Dossier. If not, say why.
var columns = map[string]string{
	"subscribers.email": plant, "subscribers.name": plant,
	"subscribers.kind": oneOfOurs, "subscribers.state": oneOfOurs,

	"addresses.address_hash": keyed, "addresses.suppressed": oneOfOurs, "addresses.asked_at": justTimes,

	"consents.method": plant, "consents.form": plant, "consents.article": plant, "consents.ip": plant,
	"consents.purpose": ourName, "consents.event": oneOfOurs, "consents.wording": ofOurText,
	"wordings.hash": ofOurText, "wordings.text": "what we, or who imports, said to many",
	"erased_consents.address_hash": keyed, "erased_consents.purpose": ourName,
	"erased_consents.event": oneOfOurs, "erased_consents.wording": ofOurText,

	"signups.email": "her address, as subscribers.email has it", "signups.browser": ofChance,
	"signups.article": plant, "signups.form": plant, "signups.ip": plant, "signups.fault": plant,
	"signups.access": ofOurText, "signups.newsletter_wording": ofOurText,
	"logins.browser": ofChance, "logins.article": plant, "addresses.login_asked_at": justTimes,
	"breaker.recent": "numbers of letters", "breaker.usual": "the same",

	"questions.id": "random, in no address", "questions.state": oneOfOurs,
	"questions.text": plant, "questions.signature": plant, "questions.title": plant,
	"questions.slug": plant, "questions.wording": plant, "questions.answer": plant,

	"sessions.token_hash": ofChance,
	"enrolments.course":   ourName, "enrolments.state": oneOfOurs,

	"versions.hash": ofOurText, "versions.letter": ourName, "versions.source": ourText, "versions.layout": ourText,
	"requests.letter": ourName, "requests.reason": plant,

	"deliveries.letter": ourName, "deliveries.state": oneOfOurs, "deliveries.version": ofOurText,
	"deliveries.relay": ourRelay, "deliveries.sha256": plantedApart,
	"deliveries.reply": plant, "deliveries.queue_id": plant, "deliveries.reason": plant,
	"attempts.outcome": oneOfOurs, "attempts.stage": oneOfOurs, "attempts.relay": plant,
	"attempts.enhanced": plant, "attempts.reply": plant, "attempts.sha256": plantedApart,

	"returns.hash": plantedApart, "returns.via": plant, "returns.kind": oneOfOurs, "returns.judged": oneOfOurs,
	"returns.enhanced": plant, "returns.diagnostic": plant, "returns.raw": plant,
	"hooks.provider": "one of those that we know", "hooks.hash": "of a provider's whole report",
	"hooks.body": plantedApart, "hooks.error": plantedApart,

	"workers.name": "host and process", "workers.trouble": "a relay's words, without addresses: worker sees to it",
	"holds.scope": ourName, "holds.reason": "an admin's words about a letter",
	"installation.address_key": "a key, wrapped",
}

// plant stands for a column that gets a canary, which the export must give and
// erasing must take. The rest are reasons for its holding none.
const (
	plant        = ""
	plantedApart = "planted below: the export does not give it, erasing takes it"
	oneOfOurs    = "one of a few words of ours, by a constraint or by the code"
	ourName      = "the name of a course or a letter"
	ourText      = "what we wrote"
	ofOurText    = "the hash of what we wrote"
	ofChance     = "the hash of a random value"
	keyed        = "a keyed hash of the address, which is to stay"
	justTimes    = "times"
	ourRelay     = "the name of our relay"
)

// canary is a word that stands nowhere else.
func canary(column string) string {
	return "kanarie-" + strings.NewReplacer(".", "-", "_", "-").Replace(column)
}

const (
	canaryAddress = "kanarie-subscribers-email@exempel.se"
	canaryIP      = "203.0.113.0/24"
)

func TestP5P6EveryColumnIsAccountedFor(t *testing.T) {
	st := begin(t)
	there := map[string]bool{}
	for _, column := range st.lines(`
		select table_name || '.' || column_name
		from information_schema.columns
		where table_schema = 'public' and table_name <> 'goose_db_version'
		and data_type not in ('bigint', 'integer', 'smallint', 'boolean', 'timestamp with time zone', 'date')`) {
		there[column] = true
		if _, known := columns[column]; !known {
			t.Errorf("%s is new: can it hold a person's data? Say so in columns (canary_test.go); if it can, Erase and Dossier must know of it", column)
		}
	}
	for column := range columns {
		if !there[column] {
			t.Errorf("%s is accounted for, and not there", column)
		}
	}
}

// haunted is a story in which Kanarie has done everything that leaves a trace,
// and a canary sits in each column that can hold one. Bo has none.
func haunted(t *testing.T) (*story, DeliveryKey) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.asks(now, SignUp{Email: canaryAddress, Access: "Läs.", IP: netip.MustParseAddr("203.0.113.77")})
	st.joined(now, canaryAddress, bo)
	st.deferredOnce(now)
	st.deliver(now.Add(9 * 3600e9))
	d := st.key(canaryAddress, "brev1")
	st.returned(now, fullBox, d)
	st.must(st.KeepHook(st.ctx, now, "postmark", []byte(`{"Recipient": "Kanarie-Subscribers-Email\u0040exempel.se"}`)))
	if _, err := st.TakeHooks(st.ctx, now, func(string, []byte) ([]ReturnedMail, error) {
		return nil, fmt.Errorf("no report of ours: <%s>", canaryAddress)
	}); err != nil {
		t.Fatal(err)
	}
	st.asksIn(now, canaryAddress, "hennes telefon")
	st.proposed(now, st.asked(now, d.SubscriberID, mingle), Proposal{})
	st.must(st.Subscribe(st.ctx, now.AddDate(0, 0, 1), SignUp{Email: canaryAddress, Form: "/anmalan", IP: netip.MustParseAddr("203.0.113.77")}))
	for column, why := range columns {
		if why == plant && column != "subscribers.email" {
			st.sit(column, d.SubscriberID)
		}
	}
	return st, d
}

// sit puts a canary into a column of one person's rows.
func (st *story) sit(column string, id int64) {
	st.Helper()
	table, name, _ := strings.Cut(column, ".")
	key := "subscriber_id"
	switch table {
	case "subscribers":
		key = "id"
	case "signups": // nobody's yet
		key = "(select id from subscribers where email = signups.email)"
	}
	kind := st.lines(`select data_type from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name = $2`, table, name)[0]
	word, value := canary(column), map[string]string{
		"text": "$1", "bytea": "convert_to($1, 'UTF8')", "jsonb": "to_jsonb(cast($1 as text))", "ARRAY": "array[$1]", "inet": "cast($1 as inet)",
	}[kind]
	if kind == "inet" {
		word = canaryIP
	}
	result, err := st.db.Exec(fmt.Sprintf(`update %s set %s = %s where %s = $2`, table, pq.QuoteIdentifier(name), value, key), word, id)
	st.must(err)
	if n, _ := result.RowsAffected(); n == 0 {
		st.Fatalf("there is no row of hers in %s to sit in", table)
	}
}

// The export gives every canary, whatever octets it is made of.
func TestP5TheExportGivesEverything(t *testing.T) {
	st, d := haunted(t)
	export := func() string {
		dossier, err := st.Dossier(st.ctx, canaryAddress)
		st.must(err)
		text, err := json.Marshal(dossier)
		st.must(err)
		return string(text)
	}
	all := export()
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		want := canary(column)
		if strings.HasSuffix(column, ".ip") {
			want = canaryIP
		}
		if columns[column] == plant && !strings.Contains(all, want) {
			t.Errorf("the export lacks %s", column)
		}
	}
	for _, want := range []string{"Läs.", "natverk", "brev1", "2026-11-03T07:00:00Z"} {
		if !strings.Contains(all, want) {
			t.Errorf("the export lacks %q", want)
		}
	}
	if strings.Contains(all, bo) {
		t.Error("the export tells of Bo")
	}
	st.exec(`update returns set raw = '\x00ff6b616e61726965' where subscriber_id = $1`, d.SubscriberID)
	if text := export(); !strings.Contains(text, `"raw":{"base64":"AP9rYW5hcmll"}`) {
		t.Error("what is no text is not exported octet by octet")
	}
}

// A dump, taken after she was erased, holds no canary: neither as text nor in
// octets. Bo's rows are as they were.
func TestP6ErasingLeavesNothing(t *testing.T) {
	st, d := haunted(t)
	bos := st.dumpOf(bo)
	st.exec(`update deliveries set sha256 = 'kanarie' where subscriber_id = $1`, d.SubscriberID)
	st.exec(`update attempts set sha256 = 'kanarie' where subscriber_id = $1`, d.SubscriberID)
	st.exec(`update returns set hash = 'kanarie' where subscriber_id = $1`, d.SubscriberID)
	if !strings.Contains(st.dump(), "kanarie") {
		t.Fatal("there is nothing to be found")
	}
	st.must(st.Erase(st.ctx, at("2026-11-04 08:00"), canaryAddress))
	st.check()
	for _, word := range []string{"kanarie", "Kanarie", strings.TrimSuffix(canaryIP, "0/24")} {
		st.nothingOf(word)
	}
	if got := st.dumpOf(bo); got != bos {
		t.Errorf("Bo was\n%s\nand is\n%s", bos, got)
	}
	for table, want := range map[string]int{"sessions": 1, "attempts": 2, "returns": 0, "enrolments": 1, "signups": 0, "logins": 0, "questions": 0} {
		if n := st.count(`select count(*) from ` + table); n > want {
			t.Errorf("%d rows stand in %s, want Bo's at most", n, table)
		}
	}
	hash := st.keys.addressHash(canaryAddress)
	if n := st.count(`select count(*) from addresses where address_hash = $1 and suppressed = 'erased' and cardinality(asked_at) > 0 and cardinality(login_asked_at) > 0 and subscriber_id is null and vouched_at is null`, hash); n != 1 {
		t.Error("under her hash there do not stand limits and suppression alone")
	}
}

// A report that nothing could be made of goes with whom it may be about, however
// it wrote the address; one about others stays.
func TestP6ReportsThatMayNameHer(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	const eva = "eva.o'brien+kurs@exempel.se"
	st.joined(now, eva, bo)
	for _, body := range []string{
		`{"to": "eva.o'brien+kurs@exempel.se"}`, `to=eva.o%27brien%2Bkurs%40exempel.se`, `{"to": "EVA.o\u0027brien\u002bkurs\u0040exempel.se"}`,
		`{"to": "bo@exempel.se"}`, "\x00\xff",
	} {
		st.must(st.KeepHook(st.ctx, now, "mailgun", []byte(body)))
	}
	_, err := st.TakeHooks(st.ctx, now, func(string, []byte) ([]ReturnedMail, error) { return nil, fmt.Errorf("what is this") })
	st.must(err)
	st.must(st.Erase(st.ctx, now, eva))
	if got, want := st.lines(`select encode(body, 'escape') from hooks where body is not null order by id`), []string{`{"to": "bo@exempel.se"}`, `\000\377`}; !slices.Equal(got, want) {
		t.Errorf("kept are %q, want %q", got, want)
	}
}

// Who comes back as somebody new is told what stood under her address's hash.
func TestP5WhoComesBackIsTold(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	st.must(st.Erase(st.ctx, now, anna))
	st.signUp(now.AddDate(0, 0, 1), anna)
	d, err := st.Dossier(st.ctx, anna)
	st.must(err)
	if len(d.Before) != 3 || d.Before[1].Wording != "Starta kursen" || len(d.Consents) != 1 {
		t.Errorf("the export has %+v and %+v", d.Before, d.Consents)
	}
}
