// Package demo holds stand-ins for what a laptop lacks: a private Postgres and
// a captured inbox. "course demo" runs on them, and so do the tests.
//
// Start with [StartPostgres], which finds server binaries, lays out a data
// directory and runs a server that only this account can reach, and with
// [Inbox], which takes every letter and delivers none. Tests begin with [Tests]
// and [Database]: one server per test binary, one fresh database per test.
//
// Linux and macOS; the process handling is Unix, so Windows is not supported.
package demo
