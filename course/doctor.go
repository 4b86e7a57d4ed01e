package course

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Health is what an installation's database is found to be.
type Health struct {
	Version  int           // 150018 is 15.18
	ReadOnly bool          // a standby, or set so
	Settings Durability    // as our sessions have them
	Behind   time.Duration // our clock, behind the database's
	Pooled   bool          // a pooler hands our sessions' transactions to several servers
	Schema   error         // nil, or ErrSchema
	Secret   error         // nil, or ErrSecret; nil too where no secret is bound to it yet
}

// Durability is the settings on which it rests that what was committed stays.
type Durability struct {
	Fsync             string `db:"fsync"`
	FullPageWrites    string `db:"full_page_writes"`
	SynchronousCommit string `db:"synchronous_commit"`
	Isolation         string `db:"isolation"`
}

// Examine looks at the database, and changes nothing: unlike Open, it accepts one without
// our tables and binds no secret to a new one. Errors: ErrAway.
func Examine(ctx context.Context, dsn string, secrets []string, clock func() time.Time) (Health, error) {
	db, err := openWithin(ctx, dsn)
	if err != nil {
		return Health{}, fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	s := &Store{db: db}
	if err := s.Ping(ctx); err != nil {
		return Health{}, err
	}
	h := Health{}
	if h.Schema, err = only(ErrSchema, s.migrated(ctx)); err != nil {
		return h, err
	}
	if h.Schema == nil {
		h.Secret, err = s.fits(ctx, secrets)
	}
	if err == nil {
		err = h.examine(ctx, db, clock)
	}
	if err != nil {
		return h, fmt.Errorf("examine the database: %w", away(err))
	}
	return h, nil
}

// openWithin bounds connecting by ctx, which lib/pq does not heed while it waits for a server
// that says nothing.
func openWithin(ctx context.Context, dsn string) (*sqlx.DB, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok && config.ConnectTimeout == 0 {
		config.ConnectTimeout = time.Until(end)
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, err
	}
	return sqlx.NewDb(sql.OpenDB(connector), "postgres"), nil
}

// only tells an expected error from others.
func only(expected, err error) (found, other error) {
	if errors.Is(err, expected) {
		return expected, nil
	}
	return nil, err
}

// fits says whether a secret opens the address key, if there is one yet.
func (s *Store) fits(ctx context.Context, secrets []string) (unfit, err error) {
	var wrapped [][]byte
	if err := s.db.SelectContext(ctx, &wrapped, `select address_key from installation`); err != nil {
		return nil, err
	}
	if len(wrapped) == 0 || len(secrets) == 0 {
		return nil, nil
	}
	for _, secret := range secrets {
		if _, err := unwrap(secret, wrapped[0]); err == nil {
			return nil, nil
		}
	}
	return ErrSecret, nil
}

func (h *Health) examine(ctx context.Context, db *sqlx.DB, clock func() time.Time) error {
	err := db.GetContext(ctx, &h.Settings, `
select current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('default_transaction_isolation') as isolation`)
	if err != nil {
		return err
	}
	err = db.QueryRowxContext(ctx, `select current_setting('server_version_num')::int, current_setting('transaction_read_only')::bool`).
		Scan(&h.Version, &h.ReadOnly)
	if err != nil {
		return err
	}
	var there time.Time
	asked := clock()
	if err := db.GetContext(ctx, &there, `select clock_timestamp()`); err != nil {
		return err
	}
	answered := clock()
	h.Behind = there.Sub(asked.Add(answered.Sub(asked) / 2))
	h.Pooled, err = pooled(ctx, db)
	return err
}

// pooled tries whether a session of ours is always served by the same process of the
// server. A pooler in transaction mode gives the process that one session has just left to
// the next that comes, and the first one another.
func pooled(ctx context.Context, db *sqlx.DB) (bool, error) {
	one, err := db.Connx(ctx)
	if err != nil {
		return false, err
	}
	defer one.Close()
	two, err := db.Connx(ctx)
	if err != nil {
		return false, err
	}
	defer two.Close()
	var first, second int
	if err := one.GetContext(ctx, &first, `select pg_backend_pid()`); err != nil {
		return false, err
	}
	if err := two.GetContext(ctx, &second, `select pg_backend_pid()`); err != nil {
		return false, err
	}
	return first == second, nil
}
