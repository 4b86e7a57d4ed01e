package main

import (
	"errors"
	"fmt"
	"time"
)

type eraseCommand struct {
	Address string `arg:"" help:"Whom to forget."`
	Yes     bool   `help:"Do not ask."`
}

// Run forgets a person. It says nothing that would put the address into whatever
// keeps what commands print.
func (cmd eraseCommand) Run(a *app) error {
	store, release, err := a.openLedger()
	if err != nil {
		return err
	}
	defer release()
	if !cmd.Yes && !a.confirm(fmt.Sprintf("Erase everything about %s? It cannot be undone.", cmd.Address)) {
		return failure{exitFailed, errors.New("nothing was erased"), ""}
	}
	if err := store.Erase(a.ctx, time.Now(), cmd.Address); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "erased; what stays is, under a keyed hash, how often a letter was asked for and what was agreed to when")
	fmt.Fprintln(a.stdout, "letters that waited are cancelled; one that was being handed over may still arrive")
	return nil
}
