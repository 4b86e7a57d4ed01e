package course

import (
	"context"
	"time"
)

// A stand-in until the real one is merged.

type ReturnedKind int

const (
	ReturnUnclear ReturnedKind = iota
	ReturnFailed
	ReturnDelayed
	ReturnComplaint
	ReturnOptOut
	ReturnAutoReply
)

type Judgement string

type ReturnedMail struct {
	Via                  string
	Kind                 ReturnedKind
	Enhanced, Diagnostic string
	Code                 int
	Tokens               []string
	MessageIDs           []string
	Trusted              bool
	Raw                  []byte
}

type ReturnedResult struct {
	Known      bool
	Delivery   DeliveryKey
	Judged     Judgement
	Suppressed bool
	Again      bool
}

func (s *Store) RecordBounce(ctx context.Context, now time.Time, m ReturnedMail) (ReturnedResult, error) {
	return ReturnedResult{}, s.Ping(ctx)
}

func (s *Store) KnowsEnvelope(localPart string) bool {
	_, err := s.keys.open(toBounce, localPart)
	return err == nil
}

func (s *Store) KeepHook(ctx context.Context, now time.Time, provider string, body []byte) error {
	return s.Ping(ctx)
}

func (s *Store) TakeHooks(ctx context.Context, now time.Time, read func(string, []byte) ([]ReturnedMail, error)) (int, error) {
	return 0, nil
}
