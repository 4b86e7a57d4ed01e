package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Hooks are the mail providers that may report what became of our letters, each with what
// proves that it is the one. A provider whose field is empty is not listened to.
type Hooks struct {
	SES      string           // the ARN of the SNS topic
	Postmark string           // user:password, for HTTP basic authentication
	Mailgun  string           // the HTTP webhook signing key
	SendGrid *ecdsa.PublicKey // the verification key of the signed event webhook

	// Fetch gets what stands at an https address of Amazon's, in full and with status 200;
	// nil means over the network.
	Fetch func(ctx context.Context, url string) ([]byte, error)
}

// A proof says whether a provider posted a body, and whether there is anything to keep in
// it. Errors: errForged, or why that could not be found out.
type proof func(r *http.Request, body []byte) (keep bool, err error)

var errForged = errors.New("not proven to be the provider's")

func (s *site) proofs(h Hooks) map[string]proof {
	proofs := map[string]proof{}
	if h.SES != "" {
		proofs["ses"] = newTopic(h, s.now, s.log).proof
	}
	if h.Postmark != "" {
		proofs["postmark"] = postmarkProof(h.Postmark)
	}
	if h.Mailgun != "" {
		proofs["mailgun"] = mailgunProof(h.Mailgun, s.now)
	}
	if h.SendGrid != nil {
		proofs["sendgrid"] = sendGridProof(h.SendGrid)
	}
	return proofs
}

// hookLimit is the most octets of a hook's body.
const hookLimit = 1 << 20

// hook stores what a provider posted, as it is, for the worker to read. Any other answer
// than 200 makes the provider try again; but 403 is the end of it for some.
func (s *site) hook(w http.ResponseWriter, r *http.Request) {
	provider := r.PathValue("provider")
	prove, known := s.hooks[provider]
	if !known {
		s.missing(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookLimit))
	if err != nil {
		status := http.StatusBadRequest
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			status = http.StatusRequestEntityTooLarge
		}
		answerHook(w, status)
		return
	}
	keep, err := prove(r, body)
	if err == nil && keep {
		err = s.store.KeepHook(r.Context(), s.now(), provider, body)
	}
	switch {
	case errors.Is(err, errForged):
		s.log.Warn("hook refused", "provider", provider, "error", err)
		answerHook(w, http.StatusForbidden)
	case err != nil:
		s.log.Error("hook not stored", "provider", provider, "error", err)
		w.Header().Set("Retry-After", "30")
		answerHook(w, http.StatusServiceUnavailable)
	default:
		answerHook(w, http.StatusOK)
	}
}

// answerHook speaks to a machine.
func answerHook(w http.ResponseWriter, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, http.StatusText(status)+"\n")
}

// postmarkProof: Postmark signs nothing; it sends the user and password of the hook's address.
// postmarkapp.com/developer/webhooks/webhooks-overview
func postmarkProof(userPassword string) proof {
	want := sha256.Sum256([]byte(userPassword)) // of one length, whatever is sent
	return func(r *http.Request, _ []byte) (bool, error) {
		user, password, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(user + ":" + password))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return false, errForged
		}
		return true, nil
	}
}

// staleAfter is how far Mailgun's time and ours may differ. What it signs is a time and a
// random token, and not the body.
const staleAfter = 15 * time.Minute

// mailgunProof: documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
func mailgunProof(key string, now func() time.Time) proof {
	return func(_ *http.Request, body []byte) (bool, error) {
		var posted struct {
			Signature struct {
				Timestamp        json.Number
				Token, Signature string
			}
		}
		if err := json.Unmarshal(body, &posted); err != nil {
			return false, errForged
		}
		signed := posted.Signature
		sum := hmac.New(sha256.New, []byte(key))
		io.WriteString(sum, signed.Timestamp.String()+signed.Token)
		got, err := hex.DecodeString(signed.Signature)
		if err != nil || !hmac.Equal(got, sum.Sum(nil)) {
			return false, errForged
		}
		at, err := strconv.ParseInt(signed.Timestamp.String(), 10, 64)
		if err != nil || now().Sub(time.Unix(at, 0)).Abs() > staleAfter {
			return false, errors.Join(errForged, errors.New("it is stale"))
		}
		return true, nil
	}
}

// sendGridProof: ECDSA over the time and the raw body.
// www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
func sendGridProof(key *ecdsa.PublicKey) proof {
	const header = "X-Twilio-Email-Event-Webhook-"
	return func(r *http.Request, body []byte) (bool, error) {
		signature, err := base64.StdEncoding.DecodeString(r.Header.Get(header + "Signature"))
		sum := sha256.Sum256(append([]byte(r.Header.Get(header+"Timestamp")), body...))
		if err != nil || !ecdsa.VerifyASN1(key, sum[:], signature) {
			return false, errForged
		}
		return true, nil
	}
}
