package course

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// readLines is a provider whose bodies are letters' tokens, a line each.
func readLines(provider string, body []byte) ([]ReturnedMail, error) {
	if strings.HasPrefix(string(body), "broken") {
		return nil, errors.New("no line of it can be read")
	}
	var mails []ReturnedMail
	for line := range strings.Lines(string(body)) {
		m := noMailbox
		m.Via, m.Trusted, m.Raw, m.Tokens = provider, true, body, []string{strings.TrimSpace(line)}
		mails = append(mails, m)
	}
	return mails, nil
}

// A provider tells of two readers in one body, and again since it heard no
// answer, and tells other things. Eight workers read, each body once.
func TestWhatAProviderToldIsReadOnce(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna, bo, cilla)
	body := []byte(st.BounceToken(st.key(anna, "brev1")) + "\n" + st.BounceToken(st.key(bo, "brev1")))
	for range 2 {
		st.must(st.KeepHook(st.ctx, now, "ses", body))
	}
	st.must(st.KeepHook(st.ctx, now, "postmark", []byte("broken")))
	for n := range 20 {
		st.must(st.KeepHook(st.ctx, now, "ses", fmt.Append(nil, "of somebody else's letter ", n)))
	}
	taken := make([]int, 8)
	together(8, func(i int) {
		n, err := st.TakeHooks(st.ctx, now, readLines)
		if err != nil {
			t.Error(err)
		}
		taken[i] = n
	})
	sum := 0
	for _, n := range taken {
		sum += n
	}
	if sum != 22 {
		t.Errorf("%v were taken, want 22 in all", taken)
	}
	if a, b, c := st.suppressed(anna), st.suppressed(bo), st.suppressed(cilla); a != "bounce" || b != "bounce" || c != "" {
		t.Errorf("anna is suppressed %q, bo %q, cilla %q", a, b, c)
	}
	kept := st.lines(`select encode(body, 'escape') || ': ' || error from hooks where body is not null`)
	if want := []string{"broken: no line of it can be read"}; !slices.Equal(kept, want) {
		t.Errorf("kept are %q, want %q", kept, want)
	}
	st.unchanged("the same told and read again", func() {
		st.must(st.KeepHook(st.ctx, now, "ses", body))
		if n, err := st.TakeHooks(st.ctx, now, readLines); n != 0 || err != nil {
			t.Errorf("%d taken, %v", n, err)
		}
	})
}

// What cannot be recorded does not stand in the way of the next.
func TestAHookThatCannotBeRecordedIsSetAside(t *testing.T) {
	st := begin(t)
	now := at("2026-11-03 08:00")
	st.reached(1, now, anna)
	st.must(st.KeepHook(st.ctx, now, "ses", []byte("first")))
	st.must(st.KeepHook(st.ctx, now, "ses", []byte(st.BounceToken(st.key(anna, "brev1")))))
	n, err := st.TakeHooks(st.ctx, now, func(provider string, body []byte) ([]ReturnedMail, error) {
		mails, err := readLines(provider, body)
		if string(body) == "first" {
			mails[0].Tokens, mails[0].Kind = []string{st.BounceToken(st.key(anna, "brev1"))}, "a kind that the ledger does not know"
		}
		return mails, err
	})
	if err != nil || n != 2 || st.suppressed(anna) != "bounce" {
		t.Errorf("%d taken, %v; anna is suppressed %q", n, err, st.suppressed(anna))
	}
}
