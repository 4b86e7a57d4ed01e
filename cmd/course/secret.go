package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fortsatt/course"
)

// needSecret finds the secret. On a laptop one is made, and kept in a file.
func (c *config) needSecret() error {
	if len(c.secrets) > 0 {
		return nil
	}
	if !c.laptop() {
		return usage(errors.New("COURSE_SECRET is not set"), "make one with: openssl rand -hex 32; keep it, links in letters depend on it")
	}
	dir, err := c.dataDir()
	if err != nil {
		return err
	}
	secret, err := keptSecret(dir)
	c.secrets = []string{secret}
	return err
}

// keptSecret returns the secret of a laptop's installation, made at first use.
// Of two processes that make one at once, the first one's counts.
func keptSecret(dir string) (string, error) {
	file := filepath.Join(dir, "secret")
	secret, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeSecret(dir, file); err != nil {
			return "", fmt.Errorf("keep a secret: %w", err)
		}
		secret, err = os.ReadFile(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	if len(secret) < course.SecretLength {
		return "", fmt.Errorf("read the secret: %s is damaged; restore it, or set COURSE_SECRET", file)
	}
	return strings.TrimSpace(string(secret)), nil
}

func makeSecret(dir, file string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	draft, err := os.CreateTemp(dir, "secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if _, err := draft.WriteString(rand.Text() + rand.Text() + "\n"); err != nil {
		return err
	}
	if err := draft.Close(); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
