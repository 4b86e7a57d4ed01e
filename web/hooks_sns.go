package web

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A topic is the one of Amazon SNS by which SES reports. Its messages are signed; the
// certificate is at an address that the message names, which is believed only at the
// topic's own region of Amazon.
// docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
type topic struct {
	arn   string
	host  string // sns.eu-north-1.amazonaws.com
	fetch func(ctx context.Context, url string) ([]byte, error)
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	certs map[string]*x509.Certificate // by address
}

func newTopic(h Hooks, now func() time.Time, log *slog.Logger) *topic {
	t := &topic{arn: h.SES, fetch: h.Fetch, now: now, log: log, certs: map[string]*x509.Certificate{}}
	if t.fetch == nil {
		t.fetch = fetch
	}
	part := append(strings.Split(h.SES, ":"), "", "", "", "") // arn:aws:sns:eu-north-1:123456789012:letters
	t.host = "sns." + part[3] + ".amazonaws.com"
	if part[1] == "aws-cn" {
		t.host += ".cn"
	}
	return t
}

// notice is what SNS posts.
type notice struct {
	Type, MessageID, TopicArn, Message, Timestamp string
	Subject                                       *string
	Token, SubscribeURL                           string
	SignatureVersion, Signature, SigningCertURL   string
}

// proof also answers the question whether we want the topic's messages: yes.
func (t *topic) proof(r *http.Request, body []byte) (keep bool, err error) {
	var m notice
	if err := json.Unmarshal(body, &m); err != nil || m.TopicArn != t.arn {
		return false, fmt.Errorf("%w: not a message of the topic", errForged)
	}
	if err := t.verify(r.Context(), m); err != nil {
		return false, err
	}
	switch m.Type {
	case "SubscriptionConfirmation":
		return false, t.confirm(r.Context(), m)
	case "UnsubscribeConfirmation":
		t.log.Warn("hook: the topic of Amazon SNS was unsubscribed")
		return false, nil
	}
	return true, nil
}

func (t *topic) confirm(ctx context.Context, m notice) error {
	if !t.own(m.SubscribeURL) {
		return fmt.Errorf("%w: the address to confirm at is not Amazon's", errForged)
	}
	if _, err := t.fetch(ctx, m.SubscribeURL); err != nil {
		return fmt.Errorf("confirm the subscription: %w", err)
	}
	t.log.Info("hook: the subscription of the topic of Amazon SNS is confirmed")
	return nil
}

func (t *topic) verify(ctx context.Context, m notice) error {
	algorithms := map[string]x509.SignatureAlgorithm{"1": x509.SHA1WithRSA, "2": x509.SHA256WithRSA}
	algorithm, known := algorithms[m.SignatureVersion]
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	text := m.signed()
	if !known || err != nil || text == "" {
		return fmt.Errorf("%w: not signed", errForged)
	}
	cert, err := t.certificate(ctx, m.SigningCertURL)
	if err != nil {
		return err
	}
	if now := t.now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return fmt.Errorf("%w: its certificate is out of date", errForged)
	}
	if cert.CheckSignature(algorithm, []byte(text), signature) != nil {
		return fmt.Errorf("%w: the signature is another's", errForged)
	}
	return nil
}

// signed is the text that SNS signs: names and values, a line each, in order of the names;
// "" for a message of unknown type.
func (m notice) signed() string {
	lines := []string{"Message", m.Message, "MessageId", m.MessageID}
	switch m.Type {
	case "Notification":
		if m.Subject != nil {
			lines = append(lines, "Subject", *m.Subject)
		}
		lines = append(lines, "Timestamp", m.Timestamp)
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
		lines = append(lines, "SubscribeURL", m.SubscribeURL, "Timestamp", m.Timestamp, "Token", m.Token)
	default:
		return ""
	}
	lines = append(lines, "TopicArn", m.TopicArn, "Type", m.Type, "")
	return strings.Join(lines, "\n")
}

// certificate returns what stands at an address of Amazon's, and remembers it: Amazon
// changes it about once a year.
func (t *topic) certificate(ctx context.Context, address string) (*x509.Certificate, error) {
	if !t.own(address) || !certificatePath.MatchString(strings.TrimPrefix(address, "https://"+t.host)) {
		return nil, fmt.Errorf("%w: its certificate is not Amazon's", errForged)
	}
	if cert := t.remembered(address); cert != nil {
		return cert, nil
	}
	text, err := t.fetch(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("fetch the certificate: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("fetch the certificate: it is no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	t.remember(address, cert)
	return cert, nil
}

// What is asked for by a query, Amazon may answer with what somebody else wrote.
var certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[0-9A-Za-z]+\.pem$`)

func (t *topic) remembered(address string) *x509.Certificate {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.certs[address]
}

func (t *topic) remember(address string, cert *x509.Certificate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.certs) >= 8 {
		clear(t.certs)
	}
	t.certs[address] = cert
}

// own says whether an address is the topic's region's. A host that merely ends alike may be
// anyone's.
func (t *topic) own(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host == t.host && u.User == nil
}

// fetch follows no redirect, which might lead elsewhere.
func fetch(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, failed.Err // without the address, which may hold a token
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	return io.ReadAll(io.LimitReader(answer.Body, 64<<10))
}
