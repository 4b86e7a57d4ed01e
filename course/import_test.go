package course

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var withConsent = ImportWish{Consent: "ja på blankett, mässan i Kista", Course: "natverk", Newsletter: true}

func (st *story) imported(now time.Time, wish ImportWish, emails ...string) Imported {
	st.Helper()
	var people []Person
	for _, email := range emails {
		people = append(people, Person{Address: Address(email), Name: "Namn"})
	}
	done, err := st.Import(st.ctx, now, people, wish)
	st.must(err)
	st.check()
	return done
}

func (st *story) wantImported(what string, got, want Imported) {
	st.Helper()
	if got != want {
		st.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func TestAnImportWithConsentStartsTheCourseAtOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.wantImported("the first time", st.imported(now, withConsent, anna, bo), Imported{Added: 2})
	p, _ := st.Show(st.ctx, anna)
	if p.State != "active" || !p.Newsletter || p.Name != "Namn" || p.ConfirmedAt == nil || !p.ConfirmedAt.Equal(now) {
		t.Errorf("anna is %+v", p)
	}
	if got := fmt.Sprint(st.ledger(anna)); got != "[brev1 queued]" {
		t.Errorf("anna has %s, want letter 1 and no confirm letter", got)
	}
	st.wantPlace(anna, "1 active, next Tue 2026-11-10 08:00")
	if got := st.claimAll(now); len(got) != 2 {
		t.Errorf("%d letters are ready at once, want both", len(got))
	}
	st.wantEvidence(anna,
		`access confirmed 2026-11-03 08:00 import   "ja på blankett, mässan i Kista"`,
		`newsletter confirmed 2026-11-03 08:00 import   "ja på blankett, mässan i Kista"`,
		`course:natverk confirmed 2026-11-03 08:00 import   "ja på blankett, mässan i Kista"`)

	st.unchanged("the same import again", func() {
		st.wantImported("again", st.imported(now.Add(time.Hour), withConsent, anna, bo), Imported{Known: 2})
	})
}

func TestAnImportWithoutConsentAsksFirst(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	asks := ImportWish{Course: "natverk", Newsletter: true}
	st.wantImported("the first time", st.imported(now, asks, anna), Imported{Added: 1})
	if got := fmt.Sprint(st.ledger(anna)); got != "[confirm:1 queued]" {
		t.Errorf("anna has %s, want a confirm letter and nothing else", got)
	}
	st.wantPlace(anna, "not enrolled")
	p, _ := st.Show(st.ctx, anna)
	if p.State != "pending" || p.Newsletter {
		t.Errorf("anna is %+v", p)
	}
	st.wantImported("again", st.imported(now.Add(time.Hour), asks, anna), Imported{Known: 1})
	if got := fmt.Sprint(st.ledger(anna)); got != "[confirm:1 queued]" {
		t.Errorf("after a second import anna has %s", got)
	}
	st.confirmed(now.Add(2*time.Hour), anna, "natverk")
	if p, _ = st.Show(st.ctx, anna); p.State != "active" || !p.Newsletter {
		t.Errorf("having confirmed, anna is %+v", p)
	}
	st.wantLessons(anna, "brev1 queued")
}

func TestImportsKeepTheLimitsOfAnAddress(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	for day := range 10 {
		st.imported(now.AddDate(0, 0, day), ImportWish{}, anna)
	}
	if n := len(st.ledger(anna)); n != 5 {
		t.Errorf("ten imports in ten days sent %d confirm letters, want five", n)
	}
}

func TestAnImportMakesActiveWhoHadNotConfirmed(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.signUp(now, anna)
	st.wantImported("with consent", st.imported(now, withConsent, anna), Imported{Changed: 1})
	if got := fmt.Sprint(st.ledger(anna)); got != "[confirm:1 queued brev1 queued]" {
		t.Errorf("anna has %s", got)
	}
}

func TestAnImportTellsTheKnownFromTheSuppressed(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, "reads@exempel.se", "left@exempel.se", "bounced@exempel.se")
	st.must(st.UnsubscribeAddress(st.ctx, now, "left@exempel.se"))
	st.returned(now, noMailbox, st.key("bounced@exempel.se", "brev1"))
	st.exec(`insert into addresses (address_hash, suppressed, suppressed_at) values ($1, 'erased', now())`, st.keys.addressHash("erased@exempel.se"))
	done := st.imported(now.Add(time.Hour), ImportWish{Consent: "ja", Course: "natverk"},
		"reads@exempel.se", "left@exempel.se", "bounced@exempel.se", "erased@exempel.se", "new@exempel.se")
	st.wantImported("all kinds", done, Imported{Added: 1, Known: 1, Suppressed: 3})
	st.wantImported("with the newsletter", st.imported(now.Add(time.Hour), withConsent, "reads@exempel.se"), Imported{Changed: 1})
	st.wantLessons("reads@exempel.se", "brev1 accepted")
}

// Whoever left the course and kept the newsletter is not put in it again.
func TestAnImportDoesNotEnrolWhoLeftTheCourse(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.imported(now, withConsent, anna)
	st.leave(now, anna, "brev1")
	st.wantImported("again", st.imported(now.Add(time.Hour), withConsent, anna), Imported{Known: 1})
	st.wantPlace(anna, "1 left")
}

// And no evidence may say that they wanted it, whatever else an import gives.
func TestAnImportGivesNothingThatWasLeft(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	later := now.AddDate(0, 0, 1)
	st.imported(now, ImportWish{Consent: "ja", Course: "natverk"}, anna)
	st.imported(now, ImportWish{Consent: "ja", Course: "omtanke"}, anna)
	st.leave(now, anna, "brev1")
	st.wantImported("anna left the course", st.imported(later, withConsent, anna), Imported{Changed: 1})
	if n := st.count(`select count(*) from consents where purpose = 'course:natverk' and event = 'confirmed'`); n != 1 {
		t.Errorf("%d times evidence of the course, want the first alone", n)
	}

	st.imported(now, ImportWish{Consent: "ja", Newsletter: true}, bo)
	st.must(st.UnsubscribeAddress(st.ctx, now, bo))
	st.signUp(later, bo)
	st.confirmed(later, bo, "") // he wants to read, and nothing else
	st.wantImported("bo left the newsletter", st.imported(later, withConsent, bo), Imported{Changed: 1})
	if p, _ := st.Show(st.ctx, bo); p.Newsletter {
		t.Error("bo gets the newsletter again")
	}
	if n := st.count(`select count(*) from consents where purpose = 'newsletter' and event = 'confirmed'`); n != 2 {
		t.Errorf("%d times evidence of the newsletter, want anna's, and bo's before he left it", n)
	}
}

func TestOneAddressTwiceInAnImportIsOnePerson(t *testing.T) {
	st := begin(t)
	var people []Person
	for _, typed := range []string{"anna@räksmörgås.se", "ANNA@RÄKSMÖRGÅS.SE", "anna@xn--rksmrgs-5wao1o.se"} {
		address, err := ParseAddress(typed)
		st.must(err)
		people = append(people, Person{Address: address})
	}
	done, err := st.Import(st.ctx, at("2026-11-03 08:00"), people, withConsent)
	st.must(err)
	st.wantImported("one in three spellings", done, Imported{Added: 1, Known: 2})
	if n := st.count(`select count(*) from subscribers`); n != 1 {
		t.Errorf("%d subscribers, want one", n)
	}
}

func TestAnImportMakesAReaderOfStaff(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	if _, err := st.PlanTest(st.ctx, now, "natverk", 1, anna); err != nil {
		t.Fatal(err)
	}
	st.wantImported("staff", st.imported(now, withConsent, anna), Imported{Changed: 1})
	if p, _ := st.Show(st.ctx, anna); p.Kind != "reader" || p.State != "active" {
		t.Errorf("anna is %+v", p)
	}
}

func TestALargeImportInPagesAndByTwoAdminsAtOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	const people = 2500
	var list []Person
	for i := range people {
		list = append(list, Person{Address: Address(fmt.Sprintf("p%d@exempel.se", i))})
	}
	added := make([]int, 2)
	errs := make([]error, 2)
	together(2, func(i int) {
		for from := 0; from < people && errs[i] == nil; from += ImportPage {
			var done Imported
			done, errs[i] = st.Import(st.ctx, now, list[from:min(from+ImportPage, people)], withConsent)
			added[i] += done.Added
		}
	})
	st.must(errors.Join(errs...))
	st.check()
	if added[0]+added[1] != people {
		t.Errorf("added %v, want %d in all", added, people)
	}
	for _, query := range []string{
		`select count(*) from subscribers where state = 'active' and newsletter`,
		`select count(*) from addresses where subscriber_id is not null`,
		`select count(*) from enrolments where position = 1`,
		`select count(*) from deliveries where letter = 'lesson:natverk/brev1' and ready_at = due_at`,
		`select count(*) / 3 from consents`,
	} {
		if n := st.count(query); n != people {
			t.Errorf("%s: %d, want %d", query, n, people)
		}
	}
}

func TestAnEmptyImport(t *testing.T) {
	st := begin(t)
	st.unchanged("nobody", func() { st.wantImported("nobody", st.imported(at("2026-11-03 08:00"), withConsent), Imported{}) })
}
