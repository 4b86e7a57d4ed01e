package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// receive takes returned mail from a listener until ctx ends: a small SMTP server (RFC 5321)
// that knows no other recipients than our own envelope senders, and relays nothing. It says
// 250 when a mail is recorded. Until then the sender keeps it, so nothing is lost if we
// stop or the ledger is away.
func (w *Worker) receive(ctx context.Context, listener net.Listener) {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &visit{Worker: w, ctx: ctx}, nil
	}))
	server.Domain = w.BounceDomain
	server.MaxMessageBytes = ReturnLimit
	server.MaxRecipients = 10
	server.ReadTimeout = w.visits.line
	server.WriteTimeout = time.Minute
	server.ErrorLog = slog.NewLogLogger(w.Log.Handler(), slog.LevelWarn)
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		patience, cancel := context.WithTimeout(context.Background(), w.visits.record)
		defer cancel()
		server.Shutdown(patience) // waits for the visitors, whom the lobby tells to go
		listener.Close()          // which the server knows only once it serves
	})
	if err := server.Serve(newLobby(ctx, listener, w.visits.whole)); err != nil {
		w.Log.Error("worker: returned mail is no longer taken in", "error", err)
	}
	if !stop() {
		<-closed
	}
}

// visit is one SMTP connection. It offers no AUTH.
type visit struct {
	*Worker
	ctx        context.Context
	recipients []string
}

func (v *visit) Reset()        { v.recipients = nil }
func (v *visit) Logout() error { return nil }

// Mail takes any sender: reports have none, and vacation notes have one.
func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt believes an address that only we can have made.
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !strings.EqualFold(domain(to), v.BounceDomain) || !v.Store.KnowsEnvelope(localPart(to)) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no letter was sent from this address"}
	}
	v.recipients = append(v.recipients, to)
	return nil
}

var errLater = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "could not be recorded, try again later"}

// Data records a mail for each of its recipients before it is answered. It goes on while we
// are stopping, but not for ever.
func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if errors.Is(err, smtp.ErrDataTooLarge) {
		return smtp.ErrDataTooLarge
	}
	if err != nil {
		return errLater
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), v.visits.record)
	defer cancel()
	for _, to := range v.recipients {
		result, err := v.Store.RecordBounce(ctx, v.Now(), ReadReturn("smtp", raw, to))
		if err != nil {
			v.Log.Warn("worker: a returned mail is left with its sender", "error", err)
			return errLater
		}
		v.Log.Info("worker: a mail came back", "verdict", Told(result))
	}
	return nil
}
