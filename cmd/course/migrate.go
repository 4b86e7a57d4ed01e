package main

import (
	"cmp"
	"fmt"

	"fortsatt/course"
)

type migrateCommand struct{}

// Run brings the database up to date. Several may run at once.
func (migrateCommand) Run(a *app) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	dsn, release, err := a.database(c)
	if err != nil {
		return err
	}
	defer release()
	ran, err := course.MigrateSteps(a.ctx, cmp.Or(c.DirectURL, dsn))
	if err != nil {
		return err
	}
	for _, name := range ran {
		fmt.Fprintln(a.stdout, "applied", name)
	}
	if len(ran) == 0 {
		fmt.Fprintln(a.stdout, "the database is up to date")
	}
	return nil
}
