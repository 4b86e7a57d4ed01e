package demo

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// An account is who the server runs as. Postgres refuses to run as root, so
// root lends the server another account; everyone else runs it themselves.
type account struct {
	uid, gid int
	name     string
	lent     bool
}

// accountFor chooses who owns a server: as root the owner of the first path
// that exists and is not root's, else postgres, else nobody.
func accountFor(paths ...string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid(), name: "this account"}, nil
	}
	for _, path := range paths {
		if who, ok := ownerOf(path); ok && who.uid != 0 {
			return who, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return accountOf(found)
		}
	}
	return account{}, errors.New("postgres refuses to run as root, and there is no account postgres or nobody to lend it")
}

func ownerOf(path string) (account, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return account{}, false
	}
	stat := info.Sys().(*syscall.Stat_t)
	who := account{uid: int(stat.Uid), gid: int(stat.Gid), lent: true}
	who.name = "with uid " + strconv.Itoa(who.uid)
	if found, err := user.LookupId(strconv.Itoa(who.uid)); err == nil {
		who.name = found.Username
	}
	return who, true
}

func accountOf(found *user.User) (account, error) {
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		return account{}, fmt.Errorf("account %s: uid %q", found.Username, found.Uid)
	}
	gid, err := strconv.Atoi(found.Gid)
	if err != nil {
		return account{}, fmt.Errorf("account %s: gid %q", found.Username, found.Gid)
	}
	return account{uid: uid, gid: gid, name: found.Username, lent: true}, nil
}

// own hands a path to the account.
func (a account) own(path string) error {
	if !a.lent {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// attributes start a process as the account, in a session of its own: a Ctrl-C
// in the terminal is meant for us, and we stop the server in good order.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.lent {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// reaches tells whether a lent account may enter dir and every directory above
// it, and names the first closed one. It goes by owner, group and mode.
func (a account) reaches(dir string) error {
	if !a.lent {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := a.reaches(parent); err != nil {
			return err
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat := info.Sys().(*syscall.Stat_t)
	enter := os.FileMode(0o001)
	switch {
	case int(stat.Uid) == a.uid:
		enter = 0o100
	case int(stat.Gid) == a.gid:
		enter = 0o010
	}
	if info.Mode()&enter == 0 {
		return fmt.Errorf("%s is closed to the account %s, as which root runs Postgres", dir, a.name)
	}
	return nil
}
