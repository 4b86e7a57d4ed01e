package worker_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fortsatt/course"
	"fortsatt/worker"
)

// What a mail says, in course's words; the door knows better than the mail whose it is.
func TestReadReturn(t *testing.T) {
	t.Parallel()
	raw := dsn("inside@studs.atta.example", anna)
	got := worker.ReadReturn("pipe", raw, "Outside@studs.atta.example", "bare")
	want := course.ReturnedMail{
		Via: "pipe", Kind: course.ReturnFailed, Enhanced: "5.1.1", Code: 550, Diagnostic: got.Diagnostic,
		Tokens: []string{"outside", "bare", "inside"}, Raw: raw,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !strings.Contains(got.Diagnostic, "no such user") {
		t.Errorf("got diagnostic %q", got.Diagnostic)
	}
}

// Every kind of mail stays what it is, on its way from the mail to the policy.
func TestKindsOfReturnedMail(t *testing.T) {
	t.Parallel()
	report := func(action string) string {
		return strings.Replace(string(dsn("a@studs.atta.example", anna)), "Action: failed", "Action: "+action, 1)
	}
	feedback := func(kind string) string {
		return "Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n" +
			"--x\r\nContent-Type: text/plain\r\n\r\nabuse\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\n" +
			"Feedback-Type: " + kind + "\r\nUser-Agent: test/1\r\nVersion: 1\r\n\r\n--x--\r\n"
	}
	for raw, want := range map[string]course.ReturnedKind{
		report("failed"):     course.ReturnFailed,
		report("delayed"):    course.ReturnDelayed,
		feedback("abuse"):    course.ReturnComplaint,
		feedback("opt-out"):  course.ReturnOptOut,
		feedback("not-spam"): course.ReturnUnclear,
		"Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n": course.ReturnAutoReply,
		"":             course.ReturnUnclear,
		"no mail\x00 ": course.ReturnUnclear,
	} {
		if got := worker.ReadReturn("pipe", []byte(raw)).Kind; got != want {
			t.Errorf("%q: got %v, want %v", raw, got, want)
		}
	}
}

// bounceByMailgun is what Mailgun posts of a letter with this Message-ID.
func bounceByMailgun(messageID string) []byte {
	return fmt.Appendf(nil, `{"event-data": {"event": "failed", "severity": "permanent",
		"delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "no such user"},
		"message": {"headers": {"message-id": "%s"}}}}`, messageID)
}

// A provider's report was stored by the web. The worker is woken and reads it, once; what
// it cannot read it lays aside, and goes on sending.
func TestAWorkerReadsReports(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo)
	st.starts(st.worker(nil, st.relay(nil)))
	st.becomes(anna, "accepted")
	st.becomes(bo, "accepted")
	id := st.MessageToken(st.newest(anna).DeliveryKey) + "@atta.example"
	st.must(st.KeepHook(st.ctx, st.clock.Now(), "mailgun", []byte("not JSON")))
	st.must(st.KeepHook(st.ctx, st.clock.Now(), "mailgun", bounceByMailgun(id)))
	st.clock.wake()
	st.until("the reports are read", func() bool { return st.count(`select count(*) from hooks where read_at is null`) == 0 })
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna alone", got)
	}
	if n := st.count(`select count(*) from hooks where error like '%read a hook of mailgun%' and body = 'not JSON'`); n != 1 {
		t.Errorf("%d reports are laid aside, want the one that is no JSON", n)
	}
	st.readers(cilla)
	st.clock.wake()
	st.becomes(cilla, "accepted")
}

// A mail that only names the letter by its Message-ID is not believed: that, others than
// its reader may have seen.
func TestAMessageIDInAMailProvesNothing(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	st.starts(st.worker(nil, st.relay(nil)))
	st.becomes(anna, "accepted")
	id := st.MessageToken(st.newest(anna).DeliveryKey) + "@atta.example"
	named := strings.Replace(string(dsn("", anna)), "--grans--", "--grans\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <"+id+">\r\n\r\n--grans--", 1)
	m := worker.ReadReturn("pipe", []byte(named))
	if !slices.Contains(m.MessageIDs, id) {
		t.Errorf("read the Message-IDs %v, want %s", m.MessageIDs, id)
	}
	result, err := st.RecordBounce(st.ctx, st.clock.Now(), m)
	if err != nil || result.Known || len(st.suppressed()) != 0 {
		t.Errorf("got %+v, %v, and suppressed are %v, want nothing to happen", result, err, st.suppressed())
	}
}

// One body of SendGrid's tells of many people: it is nobody's evidence.
func TestAReportOfManyIsKeptWithNobody(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo)
	st.starts(st.worker(nil, st.relay(nil)))
	st.becomes(anna, "accepted")
	st.becomes(bo, "accepted")
	event := func(email, kind string) string {
		return fmt.Sprintf(`{"event": "bounce", "type": "%s", "email": "%s", "smtp-id": "<%s@atta.example>", "status": "5.1.1", "reason": "550 5.1.1 no"}`,
			kind, email, st.MessageToken(st.newest(email).DeliveryKey))
	}
	body := "[" + event(anna, "bounce") + "," + event(bo, "blocked") + "]"
	st.must(st.KeepHook(st.ctx, st.clock.Now(), "sendgrid", []byte(body)))
	st.clock.wake()
	st.until("the report is read", func() bool { return st.count(`select count(*) from returns`) == 2 })
	if n := st.count(`select count(*) from returns where raw is not null`); n != 0 {
		t.Errorf("%d readers are kept a body that names the other", n)
	}
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna alone: Bo was only blocked", got)
	}
}

// No letter waits while a worker that is busy, or was not woken, reads reports: it looks
// for them by itself within seconds.
func TestAWorkerFindsReportsByItself(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna)
	st.starts(st.worker(nil, st.relay(nil)))
	st.becomes(anna, "accepted")
	id := st.MessageToken(st.newest(anna).DeliveryKey) + "@atta.example"
	st.must(st.KeepHook(st.ctx, st.clock.Now(), "mailgun", bounceByMailgun(id)))
	st.until("the report is read", func() bool { return len(st.suppressed()) == 1 })
}

// Postmark reports without our envelope sender and Message-ID; what it was given with the
// letter comes back.
func TestPostmarkNamesTheLetter(t *testing.T) {
	st := begin(t, "2026-11-03 08:00")
	st.readers(anna, bo)
	relay := st.relay(nil)
	st.starts(st.worker(func(o *worker.Options) { o.Postmark = true }, relay))
	st.becomes(anna, "accepted")
	st.becomes(bo, "accepted")
	for _, l := range relay.Accepted() {
		head, _, _ := strings.Cut(string(l.Bytes), "\r\n\r\n")
		_, after, found := strings.Cut(head, "\r\nX-PM-Metadata-id: ")
		if !found {
			t.Fatalf("the letter to %s does not say which it is:\n%s", l.To, head)
		}
		if l.To != anna {
			continue
		}
		name, _, _ := strings.Cut(after, "\r\n")
		st.must(st.KeepHook(st.ctx, st.clock.Now(), "postmark", fmt.Appendf(nil, `{"RecordType": "Bounce", "Type": "HardBounce",
			"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Email": "anna@exempel.se", "Metadata": {"id": %q}}`, name)))
	}
	st.clock.wake()
	st.until("the report is read", func() bool { return len(st.suppressed()) == 1 })
	if got := st.suppressed(); !slices.Equal(got, []string{anna}) {
		t.Errorf("suppressed are %v, want Anna alone", got)
	}
}
