package course

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What each promise of privacy comes to in the ledger. P5 and P6 stand in
// canary_test.go, P8 in retain_test.go; what readers meet, in web.

// Anna signs up with the newsletter, confirms, and leaves the course: each step is
// evidence, to the word, with its time, way, form and cut address. What was
// written first is never written again.
func TestP1ConsentIsEvidence(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	var before []string
	step := func(what string, wants ...string) {
		t.Helper()
		got := st.lines(`
			select concat_ws(' | ', purpose, event, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), method, w.text, nullif(form, ''), nullif(article, ''), text(ip))
			from consents left join wordings w on w.hash = wording order by id`)
		if want := append(slices.Clone(before), wants...); !slices.Equal(got, want) {
			t.Errorf("after %s the evidence is\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		before = got
	}
	st.asks(now, SignUp{
		Email: anna, Newsletter: true, Article: "laget", Form: "/artiklar/laget", IP: netip.MustParseAddr("2001:db8:1:2::3"),
		Access: "Du får läsa.\nGratis.", NewsletterWording: "Jag vill ha nyhetsbrevet.",
	})
	step("signing up",
		"access | asked | 2026-11-03 07:00:00 | form | Du får läsa.\nGratis. | /artiklar/laget | laget | 2001:db8:1::/48",
		"newsletter | asked | 2026-11-03 07:00:00 | form | Jag vill ha nyhetsbrevet. | /artiklar/laget | laget | 2001:db8:1::/48")
	st.deliver(now)
	st.confirmed(now.Add(time.Minute), anna, "natverk")
	step("confirming",
		"access | confirmed | 2026-11-03 07:01:00 | link | Starta kursen | laget | 192.0.2.0/24",
		"newsletter | confirmed | 2026-11-03 07:01:00 | link | Starta kursen | laget | 192.0.2.0/24",
		"course:natverk | confirmed | 2026-11-03 07:01:00 | link | Starta kursen | laget | 192.0.2.0/24")
	st.deliver(now.Add(time.Minute))
	st.leave(now.Add(time.Hour), anna, "brev1")
	step("leaving", "course:natverk | withdrawn | 2026-11-03 08:00:00 | one-click")
	st.must(st.UnsubscribeAddress(st.ctx, now.Add(2*time.Hour), anna))
	step("an admin's word", "newsletter | withdrawn | 2026-11-03 09:00:00 | admin")

	d, err := st.Dossier(st.ctx, anna)
	st.must(err)
	if len(d.Consents) != len(before) || d.Consents[0].Wording != "Du får läsa.\nGratis." || d.Consents[1].Form != "/artiklar/laget" || d.Consents[0].IP != "2001:db8:1::/48" {
		t.Errorf("the export has %+v", d.Consents)
	}
}

// Bo signed up and was imported; neither way did he confirm. Whatever an admin or
// the planner does, nothing goes to him but confirm letters.
func TestP3NothingButConfirmLettersBeforeConfirming(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	st.signUp(now, bo)
	if _, err := st.Import(st.ctx, now, []Person{{Address: cilla}}, ImportWish{Course: natverk.ID, Newsletter: true}); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for week := range 3 {
		now := now.AddDate(0, 0, 2*week)
		st.planned(now)
		st.sent(now, SendRequest{Week: 1, All: true, Early: true})
		for _, to := range []string{bo, cilla} {
			if _, _, err := st.PlanSend(st.ctx, now, SendRequest{Week: 1, To: to, Early: true}, false); !errors.Is(err, ErrNotEnrolled) {
				t.Errorf("a lesson is planned for %s: %v", to, err)
			}
		}
		st.signUp(now, bo)
		for _, c := range st.claimAll(now) {
			st.ended(now, c, st.mark(now, c), accepted)
			if c.Email != anna {
				sent = append(sent, c.Email+" "+c.Letter)
			}
		}
	}
	slices.Sort(sent)
	if want := []string{bo + " confirm:1", bo + " confirm:2", bo + " confirm:3", cilla + " confirm:1"}; !slices.Equal(sent, want) {
		t.Errorf("sent were %v, want %v", sent, want)
	}
}

// Should the ledger be wrong, as after a mistaken hand in it, so that Bo, who has not
// confirmed, stands in the course: no planner gives him a lesson, and one that is
// queued already is not sent.
func TestP3NoLessonWhateverTheLedgerSays(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, bo)
	st.deliver(now)
	id := st.key(bo, "confirm:1").SubscriberID
	st.exec(`insert into enrolments (subscriber_id, course, next_due_at, started_at) values ($1, 'natverk', $2, $2)`, id, now)
	st.planned(now)
	for _, r := range []SendRequest{{Week: 1}, {Week: 1, All: true, Early: true}, {Week: 1, To: bo, Early: true}} {
		if got := st.sent(now, r); got.Planned != 0 || got.Suppressed != 1 {
			t.Errorf("%+v plans %+v, want him passed over", r, got)
		}
	}
	st.wantLessons(bo, "")

	const confirmed = `update subscribers set state = 'active', confirmed_at = $2 where id = $1`
	st.exec(confirmed, id, now)
	st.planned(now)
	st.exec(`update subscribers set state = 'pending', confirmed_at = null where id = $1`, id)
	lesson := st.claimOne(now)
	if _, err := st.tryMark(now, lesson, []byte("sum")); !errors.Is(err, ErrFenced) {
		t.Errorf("%s is marked: %v, want ErrFenced", lesson.Letter, err)
	}
	st.must(st.Forgo(st.ctx, now, lesson))
	st.wantLessons(bo, "brev1 cancelled")
	st.exec(confirmed, id, now) // or the story's accounting finds fault with it
}

// Whoever has a dump, and nothing else, tries everything in it, as it stands and
// in every dress, and what keys of their own make of it. Nothing opens anything.
func TestP7ADumpAloneOpensNothing(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.joined(now, anna)
	st.deliver(now)
	st.confirmedAgain(now, anna)
	st.signUp(now, bo)
	st.signUp(now.Add(time.Hour), anna)
	dump := st.dump()
	found := map[string]bool{}
	for _, word := range regexp.MustCompile(`[^\s(),"{}]+`).FindAllString(dump, -1) {
		for _, tried := range dresses(word) {
			found[tried] = true
		}
	}
	if len(found) < 200 || !found[fmt.Sprint(st.key(anna, "confirm:1").ID)] {
		t.Fatalf("only %d values were found", len(found))
	}
	theirs := &Store{keys: keys{rings: ringsOf([]string{newerSecret, strings.Repeat("a", 32)})}}
	for _, d := range []DeliveryKey{st.key(anna, "confirm:1"), st.key(anna, "confirm:2"), st.key(anna, "brev1"), st.key(bo, "confirm:1")} {
		for _, p := range []purpose{toConfirm, toUnsubscribe, toLogIn, toRead, toBounce, toIdentify} {
			found[theirs.keys.token(p, d)] = true
		}
	}
	found[theirs.Pass("laget", now.AddDate(0, 0, 1))] = true
	st.unchanged("a dump", func() {
		for value := range found {
			st.opensNothing(now, value)
		}
	})
	for _, secrets := range [][]string{{newerSecret}, {strings.Repeat("a", 32)}} {
		if _, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: secrets}); !errors.Is(err, ErrSecret) {
			t.Errorf("with a secret of their own the dump opens: %v", err)
		}
	}
}

// dresses are what a value may be taken for: itself, its octets, and these in the
// ways that tokens and cookies are written.
func dresses(word string) []string {
	all := []string{word}
	octets, err := hex.DecodeString(strings.TrimPrefix(word, `\\x`))
	if err != nil || len(octets) == 0 {
		octets = []byte(word)
	}
	return append(all, string(octets), hex.EncodeToString(octets), encoding.EncodeToString(octets),
		base64.StdEncoding.EncodeToString(octets), base64.RawURLEncoding.EncodeToString(octets))
}

// opensNothing tries a value wherever a stranger could bring one.
func (st *story) opensNothing(now time.Time, value string) {
	st.Helper()
	_, reads := st.Reader(st.ctx, now, value)
	_, invites := st.Invitation(st.ctx, now, value)
	_, confirms := st.Confirm(st.ctx, now, value, Confirmation{})
	_, looks := st.Leaving(st.ctx, value)
	leaves, rejoins := st.Unsubscribe(st.ctx, now, value), st.Rejoin(st.ctx, now, value)
	if !errors.Is(reads, ErrNoSession) || !errors.Is(invites, ErrToken) || !errors.Is(confirms, ErrToken) ||
		!errors.Is(looks, ErrToken) || !errors.Is(leaves, ErrToken) || !errors.Is(rejoins, ErrToken) {
		st.Errorf("%q opens something: %v, %v, %v, %v, %v, %v", value, reads, invites, confirms, looks, leaves, rejoins)
	}
	if _, ok := st.OpenPass(value, now); ok || st.KnowsEnvelope(value) {
		st.Errorf("%q opens an article, or is an envelope", value)
	}
	if got, err := st.RecordBounce(st.ctx, now, ReturnedMail{Kind: ReturnFailed, Enhanced: "5.1.1", Trusted: true, Tokens: []string{value}, MessageIDs: []string{value}}); err != nil || got.Known {
		st.Errorf("%q bounces: %+v, %v", value, got, err)
	}
}

// The secret is changed the whole way: the new one first, the old one behind it,
// then the new one alone. Whom we know, and may not write to, we know throughout;
// links in old letters work as long as the old secret is listed.
func TestP7ASecretIsChangedTheWholeWay(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna, bo)
	_, _, err := st.Suppress(st.ctx, now, bo, "complaint")
	st.must(err)
	st.must(st.Erase(st.ctx, now, bo))
	old := st.UnsubscribeToken(st.key(anna, "brev1"))
	oldBounce := st.BounceToken(st.key(anna, "brev1"))
	session := st.confirmedAgain(now.Add(time.Hour), anna).Session
	oldCode := st.LoginCode(st.key(anna, "brev1"))
	wrapped := st.lines(`select cast(address_key as text) from installation`)

	knows := func(s *Store, what string, links bool) {
		t.Helper()
		leaving, err := s.Leaving(st.ctx, old)
		if links && (err != nil || leaving.List != "natverk") || !links && !errors.Is(err, ErrToken) {
			t.Errorf("%s an old link gives %+v, %v", what, leaving, err)
		}
		if s.KnowsEnvelope(oldBounce) != links {
			t.Errorf("%s an old envelope is known: %v", what, !links)
		}
		if s.keys.isCode(st.key(anna, "brev1"), oldCode) != links {
			t.Errorf("%s an old code fits: %v", what, !links)
		}
		if _, err := s.Reader(st.ctx, now, session); err != nil {
			t.Errorf("%s she is no longer signed in: %v", what, err)
		}
		if p, err := s.Show(st.ctx, anna); err != nil || p.Email != anna {
			t.Errorf("%s she is not found: %v", what, err)
		}
		done, err := s.Import(st.ctx, now, []Person{{Address: bo}}, ImportWish{Consent: "ja"})
		if err != nil || done.Suppressed != 1 {
			t.Errorf("%s Bo is imported: %+v, %v", what, done, err)
		}
	}
	both, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{newerSecret, theSecret}})
	st.must(err)
	defer both.Close()
	knows(both, "with both", true)
	if now := st.lines(`select cast(address_key as text) from installation`); slices.Equal(now, wrapped) {
		t.Error("the key is still wrapped under the old secret")
	}
	fresh := both.UnsubscribeToken(st.key(anna, "brev1"))
	alone, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: []string{newerSecret}})
	st.must(err)
	defer alone.Close()
	knows(alone, "with the new one alone", false)
	if _, err := alone.Leaving(st.ctx, fresh); err != nil {
		t.Errorf("a new link: %v", err)
	}
	if !bytes.Equal(alone.keys.address, st.keys.address) {
		t.Error("addresses hash differently")
	}
	for _, wrong := range [][]string{{theSecret}, {newerSecret + "!", theSecret}, {strings.ToUpper(newerSecret)}} {
		if _, err := Open(st.ctx, Options{DSN: st.dsn, Secrets: wrong}); !errors.Is(err, ErrSecret) {
			t.Errorf("with %q it opens: %v", wrong, err)
		}
	}
}
