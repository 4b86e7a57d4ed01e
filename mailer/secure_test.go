package mailer_test

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net"
	"slices"
	"strings"
	"testing"

	"fortsatt/mailer"
	"fortsatt/mailer/relaytest"
)

func TestALetterUnderTLS(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*relaytest.Server{
		"STARTTLS": relaytest.NewStartTLS(t, nil), "smtps": relaytest.NewTLS(t, nil),
	} {
		if reply, err := dialAndSend(t.Context(), t, s, quick(s)); err != nil || reply.Code != 250 {
			t.Errorf("%s: got %v (%v), want 250", name, reply, err)
		}
		if n := len(s.Accepted()); n != 1 {
			t.Errorf("%s: accepted %d letters, want 1", name, n)
		}
	}
}

// Only an accepted certificate, for the relay's own name, is worth a password.
func TestRow43BadCertificate(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, func(relaytest.Event) relaytest.Action) *relaytest.Server{
		"STARTTLS": relaytest.NewStartTLS, "smtps": relaytest.NewTLS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(e relaytest.Event) relaytest.Action {
				if e.Stage == relaytest.Auth || e.Stage == relaytest.Mail {
					t.Errorf("went on to %s", e.Stage)
				}
				return relaytest.Action{}
			})
			unknown := quick(s)
			unknown.RootCAs = nil
			_, err := dialAndSend(t.Context(), t, s, unknown)
			expectCertificate(t, err)

			_, port, _ := net.SplitHostPort(s.Addr())
			scheme, _, _ := strings.Cut(s.URL(), ":")
			_, err = relayAt(t, scheme+"://anna:hemligt@localhost:"+port).Dial(t.Context(), quick(s))
			expectCertificate(t, err)
		})
	}
}

func expectCertificate(t *testing.T, err error) {
	t.Helper()
	expect(t, err, mailer.TLS, 0, true)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("got %v, want a certificate error", err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("too late") },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	versions := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			err = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
		versions <- err
	}()
	_, err = relayAt(t, "smtps://"+listener.Addr().String()).Dial(t.Context(), mailer.Options{Hello: "kurs.example.org"})
	expect(t, err, mailer.TLS, 0, true)
	if err := <-versions; !strings.Contains(fmt.Sprint(err), "unsupported versions") {
		t.Errorf("the relay says %v, want that we offer no version so old", err)
	}
}

// What is said before TLS, by whoever sits on the line, is forgotten under TLS.
func TestRow42InjectedBeforeTLS(t *testing.T) {
	t.Parallel()
	var auth []string
	s := relaytest.NewStartTLS(t, func(e relaytest.Event) relaytest.Action {
		switch {
		case e.Stage == relaytest.Auth:
			auth = append(auth, e.Line)
		case e.Stage == relaytest.Hello && e.N == 1:
			return relaytest.Action{Reply: "250-relaytest\r\n250-STARTTLS\r\n250 AUTH PLAIN"}
		case e.Stage == relaytest.StartTLS:
			return relaytest.Action{Reply: "220 go on\r\n250-evil\r\n250 AUTH PLAIN"}
		case e.Stage == relaytest.Hello:
			return relaytest.Action{Reply: "250-relaytest\r\n250 SIZE 1000000"}
		}
		return relaytest.Action{}
	})
	_, err := dialAndSend(t.Context(), t, s, quick(s))
	expect(t, err, mailer.Auth, 0, true)
	settle(t, s, 0, 0)
	if auth != nil {
		t.Errorf("logged in: %q", auth)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00anna\x00hemligt"))
	user, password := base64.StdEncoding.EncodeToString([]byte("anna")), base64.StdEncoding.EncodeToString([]byte("hemligt"))
	for name, start := range map[string]func(testing.TB, func(relaytest.Event) relaytest.Action) *relaytest.Server{
		"loopback": relaytest.New, "STARTTLS": relaytest.NewStartTLS, "smtps": relaytest.NewTLS,
	} {
		for offers, want := range map[string][]string{
			"PLAIN LOGIN":          {"AUTH PLAIN " + plain},
			"LOGIN":                {"AUTH LOGIN", user, password},
			"GSSAPI XOAUTH2 PLAIN": {"AUTH PLAIN " + plain},
		} {
			t.Run(name+" "+offers, func(t *testing.T) {
				t.Parallel()
				var dialog []string
				s := start(t, offering(offers, func(e relaytest.Event) relaytest.Action {
					dialog = append(dialog, e.Line)
					return relaytest.Action{}
				}))
				if _, err := dialAndSend(t.Context(), t, s, quick(s)); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(dialog, want) {
					t.Errorf("got %q, want %q", dialog, want)
				}
			})
		}
	}
}

func TestNoWayToLogIn(t *testing.T) {
	t.Parallel()
	s := relaytest.NewTLS(t, offering("GSSAPI XOAUTH2", nil))
	_, err := dialAndSend(t.Context(), t, s, quick(s))
	expect(t, err, mailer.Auth, 0, true)
	settle(t, s, 0, 0)
}

func TestLoginByChallenge(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func() hash.Hash{"SCRAM-SHA-256": sha256.New, "SCRAM-SHA-1": sha1.New} {
		for _, password := range []string{"hemligt", "fel"} {
			t.Run(name+" "+password, func(t *testing.T) {
				t.Parallel()
				s := relaytest.NewTLS(t, offering("PLAIN LOGIN "+name, scram(t, name, h, password)))
				_, err := dialAndSend(t.Context(), t, s, quick(s))
				if password == "hemligt" && err != nil {
					t.Error(err)
				}
				if password == "fel" {
					expect(t, err, mailer.Auth, 535, true)
				}
			})
		}
	}
}

// offering scripts a relay with these ways to log in.
func offering(mechanisms string, auth func(relaytest.Event) relaytest.Action) func(relaytest.Event) relaytest.Action {
	secured := false
	return func(e relaytest.Event) relaytest.Action {
		switch e.Stage {
		case relaytest.StartTLS:
			secured = true
		case relaytest.Hello:
			lines := "250-relaytest\r\n"
			if !secured {
				lines += "250-STARTTLS\r\n"
			}
			return relaytest.Action{Reply: lines + "250 AUTH " + mechanisms}
		case relaytest.Auth:
			return auth(e)
		}
		return relaytest.Action{}
	}
}

// scram is the relay's side of RFC 5802, for a user whose password is known.
func scram(t *testing.T, name string, h func() hash.Hash, password string) func(relaytest.Event) relaytest.Action {
	mac := func(key, text []byte) []byte {
		m := hmac.New(h, key)
		m.Write(text)
		return m.Sum(nil)
	}
	challenge := func(text string) relaytest.Action {
		return relaytest.Action{Reply: "334 " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	const salt = "salt of the sea"
	var clientFirst, serverFirst string
	step := 0
	return func(e relaytest.Event) relaytest.Action {
		step++
		said, _ := base64.StdEncoding.DecodeString(e.Line)
		switch step {
		case 1:
			if e.Line != "AUTH "+name {
				t.Errorf("got %q, want AUTH %s", e.Line, name)
			}
			return relaytest.Action{Reply: "334 "}
		case 2:
			clientFirst = strings.TrimPrefix(string(said), "n,,")
			_, nonce, _ := strings.Cut(clientFirst, ",r=")
			serverFirst = "r=" + nonce + "more,s=" + base64.StdEncoding.EncodeToString([]byte(salt)) + ",i=4096"
			return challenge(serverFirst)
		case 3:
			withoutProof, proof64, _ := strings.Cut(string(said), ",p=")
			salted, err := pbkdf2.Key(h, password, []byte(salt), 4096, h().Size())
			if err != nil {
				t.Error(err)
			}
			message := []byte(clientFirst + "," + serverFirst + "," + withoutProof)
			clientKey := mac(salted, []byte("Client Key"))
			stored := h()
			stored.Write(clientKey)
			proof := mac(stored.Sum(nil), message)
			for i := range proof {
				proof[i] ^= clientKey[i]
			}
			if base64.StdEncoding.EncodeToString(proof) != proof64 {
				return relaytest.Action{Reply: "535 5.7.8 wrong password"}
			}
			signature := mac(mac(salted, []byte("Server Key")), message)
			return challenge("v=" + base64.StdEncoding.EncodeToString(signature))
		}
		return relaytest.Action{Reply: "235 2.7.0 welcome"}
	}
}
