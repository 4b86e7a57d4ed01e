package course

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database at dsn to this binary's schema. Several may run
// at once: one does the work, the others wait for it. It needs a direct
// connection, since its lock belongs to the session.
func Migrate(ctx context.Context, dsn string) error {
	_, err := MigrateSteps(ctx, dsn)
	return err
}

// MigrateSteps is Migrate, and names the migrations that it ran.
func MigrateSteps(ctx context.Context, dsn string) ([]string, error) {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	defer db.Close()
	provider, err := migrator(db)
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", away(err))
	}
	var ran []string
	for _, result := range results {
		ran = append(ran, result.Source.Path)
	}
	return ran, nil
}

func migrator(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks every second
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}

// migrated returns ErrSchema unless every migration of this binary has run. A
// newer database is accepted: migrations expand before they contract.
func (s *Store) migrated(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var version int
	err = s.db.GetContext(ctx, &version, `select coalesce(max(version_id), 0) from goose_db_version where is_applied`)
	if undefined := new(pq.Error); errors.As(err, &undefined) && undefined.Code == "42P01" {
		return ErrSchema
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", away(err))
	}
	if version < len(names) {
		return ErrSchema
	}
	return nil
}
