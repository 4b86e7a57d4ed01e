package course

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

var (
	// ErrAway says that the database cannot be reached: try again later.
	ErrAway = errors.New("the database is away")
	// ErrSchema says that migrations are missing: run `course migrate`.
	ErrSchema = errors.New("the database lacks tables of this version")
	// ErrSecret says that no part of COURSE_SECRET belongs to this database.
	ErrSecret = errors.New("COURSE_SECRET does not belong to this database")
	// ErrToken says that a token is forged, damaged, or of a person who is gone.
	ErrToken = errors.New("unknown token")
	// ErrUnknown says that nobody has this address.
	ErrUnknown = errors.New("no subscriber with this address")
)

// Store keeps the truth. Each exported method is one event and one
// transaction. Business methods take now; only leases use the database's clock.
type Store struct {
	db     *sqlx.DB
	direct *sqlx.DB // past a pooler; db, where there is none
	keys   keys

	preparing sync.Mutex
	advancing *sqlx.Stmt // these are nil until they are first needed
	keeping   *sqlx.Stmt
	keeper    keeper
	waker     waker
	// the texts that Publish made known, by which new letters are planned
	letters map[string]Version // of the service letters, by kind
	courses []Course
}

// Options for Open.
type Options struct {
	DSN         string
	DirectDSN   string   // the same past a connection pooler, for prepared statements; "" means DSN
	Secrets     []string // the first signs, all verify; each 32 characters or more
	Connections int      // pool size; 0 means 4
}

// Open connects to a migrated database and checks that the secret fits it.
// Errors: ErrAway, ErrSchema, ErrSecret.
func Open(ctx context.Context, o Options) (*Store, error) {
	db, err := sqlx.Open("postgres", o.DSN)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if o.Connections == 0 {
		o.Connections = 4
	}
	db.SetMaxOpenConns(o.Connections)
	db.SetMaxIdleConns(o.Connections)
	s := &Store{db: db, direct: db}
	s.waker.announce, s.keeper.store = s.announce, s.keepTogether
	if o.DirectDSN != "" && o.DirectDSN != o.DSN {
		if s.direct, err = sqlx.Open("postgres", o.DirectDSN); err != nil {
			db.Close()
			return nil, fmt.Errorf("open the database past its pooler: %w", err)
		}
		s.direct.SetMaxOpenConns(1)
	}
	if err := s.unlock(ctx, o.Secrets); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) unlock(ctx context.Context, secrets []string) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	if err := s.migrated(ctx); err != nil {
		return err
	}
	keys, err := openKeys(ctx, s.db, secrets)
	s.keys = keys
	return err
}

// Close tells the workers of what they were not told yet, and ends the store's
// connections.
func (s *Store) Close() error {
	s.waker.stop()
	return errors.Join(s.direct.Close(), s.db.Close())
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", away(err))
	}
	return nil
}

// transact runs one event in one transaction, again after a serialization
// failure or a deadlock. It wraps the error once, with what was being done.
func (s *Store) transact(ctx context.Context, doing string, event func(*sqlx.Tx) error) error {
	var err error
	for range 10 {
		err = s.attempt(ctx, event)
		if !retryable(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, away(err))
	}
	return nil
}

func (s *Store) attempt(ctx context.Context, event func(*sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := event(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// retryable: 40001 serialization failure, 40P01 deadlock; the transaction left no trace.
func retryable(err error) bool {
	var pqErr *pq.Error
	return errors.As(err, &pqErr) && (pqErr.Code == "40001" || pqErr.Code == "40P01")
}

// away adds ErrAway to errors that mean that the database cannot be reached, or
// has run out of disk, memory or connections (class 53): waiting helps.
func away(err error) error {
	var network net.Error
	var pqErr *pq.Error
	switch {
	case err == nil || errors.Is(err, ErrAway) || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &network), errors.Is(err, sql.ErrConnDone), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrAway, err)
	case errors.As(err, &pqErr) && (pqErr.Code.Class() == "08" || pqErr.Code.Class() == "53" || pqErr.Code.Class() == "57" && pqErr.Code != "57014"):
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}

// prepared makes a statement ready, once.
func (s *Store) prepared(ctx context.Context, kept **sqlx.Stmt, query string) (*sqlx.Stmt, error) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if *kept != nil {
		return *kept, nil
	}
	statement, err := s.direct.PreparexContext(ctx, query)
	if err == nil {
		*kept = statement
	}
	return statement, err
}
