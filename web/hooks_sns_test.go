package web_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fortsatt/web"
)

const (
	theTopic    = "arn:aws:sns:eu-north-1:123456789012:letters"
	amazon      = "https://sns.eu-north-1.amazonaws.com/"
	certificate = amazon + "SimpleNotificationService-0123456789abcdef.pem"
)

// An SNS signs with a key of its own, and counts what is fetched of it.
type sns struct {
	t       *testing.T
	key     *rsa.PrivateKey
	mu      sync.Mutex
	pem     []byte
	away    bool
	fetched []string
}

func newSNS(t *testing.T, from, until time.Time) *sns {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &sns{t: t, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// openSES is a house that listens to one topic, and the SNS that carries it.
func openSES(t *testing.T) (*house, *sns) {
	t.Helper()
	amazon := newSNS(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	h := open(t, func(o *web.Options) { o.Hooks = web.Hooks{SES: theTopic, Fetch: amazon.fetch} })
	return h, amazon
}

func (s *sns) fetch(ctx context.Context, address string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched = append(s.fetched, address)
	if s.away {
		return nil, errors.New("no route")
	}
	return s.pem, nil
}

func (s *sns) fetches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetched
}

func notification() map[string]string {
	return map[string]string{
		"Type": "Notification", "MessageId": "165545c9", "TopicArn": theTopic, "Subject": "Amazon SES",
		"Message": "{\"eventType\": \"Bounce\"}\nrad två", "Timestamp": "2026-11-24T09:29:11.655Z",
		"SignatureVersion": "1", "SigningCertURL": certificate,
	}
}

func subscription() map[string]string {
	m := notification()
	delete(m, "Subject")
	m["Type"], m["Token"] = "SubscriptionConfirmation", "2336412f37"
	m["SubscribeURL"] = amazon + "?Action=ConfirmSubscription&TopicArn=" + theTopic + "&Token=2336412f37"
	return m
}

// sign does what Amazon's documentation says: the names that a type of message has, in
// order, and their values, a line each.
func (s *sns) sign(m map[string]string) string {
	s.t.Helper()
	names := []string{"Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"}
	text := ""
	for _, name := range names {
		if value, ok := m[name]; ok {
			text += name + "\n" + value + "\n"
		}
	}
	digest, hash := sha1.Sum([]byte(text)), crypto.SHA1
	sum := digest[:]
	if m["SignatureVersion"] == "2" {
		longer := sha256.Sum256([]byte(text))
		sum, hash = longer[:], crypto.SHA256
	}
	signature, err := rsa.SignPKCS1v15(nil, s.key, hash, sum)
	if err != nil {
		s.t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return asJSON(s.t, m)
}

func asJSON(t *testing.T, m map[string]string) string {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Both versions of the signature, with and without a subject; the certificate is fetched once.
func TestAReportOfSESIsStored(t *testing.T) {
	t.Parallel()
	h, amazon := openSES(t)
	first := amazon.sign(notification())
	m := notification()
	m["SignatureVersion"] = "2"
	delete(m, "Subject")
	second := amazon.sign(m)
	h.wants(h.report("ses", first, nil), http.StatusOK)
	h.wants(h.report("ses", second, nil), http.StatusOK)
	h.stored("ses "+first, "ses "+second)
	if got := amazon.fetches(); len(got) != 1 || got[0] != certificate {
		t.Errorf("fetched %v, want the certificate once", got)
	}
}

// Nothing that is signed may be changed.
func TestSESsSignature(t *testing.T) {
	t.Parallel()
	h, amazon := openSES(t)
	var good map[string]string
	if err := json.Unmarshal([]byte(amazon.sign(notification())), &good); err != nil {
		t.Fatal(err)
	}
	another := newSNS(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	with := func(name, value string) string {
		m := maps.Clone(good)
		m[name] = value
		return asJSON(t, m)
	}
	unsigned := maps.Clone(good)
	delete(unsigned, "Signature")
	for what, body := range map[string]string{
		"another message":   with("Message", strings.Replace(good["Message"], "Bounce", "Bounci", 1)),
		"another id":        with("MessageId", "165545c8"),
		"another subject":   with("Subject", ""),
		"another time":      with("Timestamp", "2026-11-24T09:29:11.656Z"),
		"another type":      with("Type", "UnsubscribeConfirmation"),
		"an unknown type":   with("Type", "Greeting"),
		"version 2":         with("SignatureVersion", "2"),
		"version 3":         with("SignatureVersion", "3"),
		"another's key":     another.sign(notification()),
		"no signature":      asJSON(t, unsigned),
		"not base64":        with("Signature", "~"),
		"another topic":     amazon.sign(changed("TopicArn", theTopic+"-2")),
		"the message alone": good["Message"],
		"not JSON":          "Bounce",
	} {
		if got := h.report("ses", body, nil); got.status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", what, got.status)
		}
	}
	h.stored()
}

// changed is a notification in which something else stands.
func changed(name, value string) map[string]string {
	m := notification()
	m[name] = value
	return m
}

// A certificate is fetched from the topic's own region of Amazon, or not at all.
func TestCVE_2026_53944_TheCertificatesAddress(t *testing.T) {
	t.Parallel()
	h, amazon := openSES(t)
	for _, address := range []string{
		"http://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://sns.eu-north-1.amazonaws.com.example.org/SimpleNotificationService-0.pem",
		"https://example.org/sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://sns.eu-north-1.amazonaws.com@example.org/SimpleNotificationService-0.pem",
		"https://user@sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://bucket.s3.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://xsns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
		"https://sns.eu-north-1.amazonaws.com:8443/SimpleNotificationService-0.pem",
		"https://sns.eu-north-1.amazonaws.com/?Action=Echo&x=SimpleNotificationService-0.pem",
		"https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem?x=.pem",
		"https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0/../mine.pem",
		"https://sns.eu-north-1.amazonaws.com/mine.pem",
		"file:///etc/SimpleNotificationService-0.pem",
		"", "%zz",
	} {
		if got := h.report("ses", amazon.sign(changed("SigningCertURL", address)), nil); got.status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", address, got.status)
		}
	}
	if got := amazon.fetches(); len(got) != 0 {
		t.Errorf("fetched %v, want nothing", got)
	}
	h.stored()
}

// While Amazon's certificate cannot be had, nothing is known of a message: it is to come again.
func TestAmazonIsAway(t *testing.T) {
	t.Parallel()
	h, amazon := openSES(t)
	body := amazon.sign(notification())
	amazon.away = true
	h.wants(h.report("ses", body, nil), http.StatusServiceUnavailable)
	h.stored()
	amazon.away = false
	h.wants(h.report("ses", body, nil), http.StatusOK)
	h.stored("ses " + body)
}

func TestACertificateOutOfDate(t *testing.T) {
	t.Parallel()
	amazon := newSNS(t, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	h := open(t, func(o *web.Options) { o.Hooks = web.Hooks{SES: theTopic, Fetch: amazon.fetch} })
	h.wants(h.report("ses", amazon.sign(notification()), nil), http.StatusForbidden)
	h.stored()
}

// The topic asks whether we want its messages. Others may ask, too; and a forged question
// must not make us visit an address.
func TestSubscribingToTheTopic(t *testing.T) {
	t.Parallel()
	h, amazon := openSES(t)
	other := subscription()
	other["TopicArn"] = theTopic + "-2"
	bodies := map[string]string{
		"another topic": amazon.sign(other),
		"forged":        strings.Replace(amazon.sign(subscription()), "Token=2336412f37", "Token=2336412f38", 1),
	}
	for _, address := range []string{
		"https://example.org/", "http://sns.eu-north-1.amazonaws.com/", "https://sns.eu-north-1.amazonaws.com.example.org/",
		"https://bucket.s3.amazonaws.com/", "https://anna@sns.eu-north-1.amazonaws.com/", "",
	} {
		m := subscription()
		m["SubscribeURL"] = address
		bodies[address] = amazon.sign(m)
	}
	for what, body := range bodies {
		if got := h.report("ses", body, nil); got.status != http.StatusForbidden {
			t.Errorf("%q: got status %d, want 403", what, got.status)
		}
	}
	for _, address := range amazon.fetches() {
		if address != certificate {
			t.Errorf("visited %s", address)
		}
	}
	m := subscription()
	h.wants(h.report("ses", amazon.sign(m), nil), http.StatusOK)
	if got := amazon.fetches(); got[len(got)-1] != m["SubscribeURL"] {
		t.Errorf("visited %v, want the last to be %s", got, m["SubscribeURL"])
	}
	amazon.away = true
	h.wants(h.report("ses", amazon.sign(m), nil), http.StatusServiceUnavailable)
	h.stored()
}

// In China Amazon's hosts end in another way.
func TestTheTopicIsInChina(t *testing.T) {
	t.Parallel()
	const topic = "arn:aws-cn:sns:cn-north-1:123456789012:letters"
	amazon := newSNS(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	h := open(t, func(o *web.Options) { o.Hooks = web.Hooks{SES: topic, Fetch: amazon.fetch} })
	m := notification()
	m["TopicArn"], m["SigningCertURL"] = topic, "https://sns.cn-north-1.amazonaws.com/SimpleNotificationService-0.pem"
	h.wants(h.report("ses", amazon.sign(m), nil), http.StatusForbidden)
	m["SigningCertURL"] = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem"
	h.wants(h.report("ses", amazon.sign(m), nil), http.StatusOK)
}
