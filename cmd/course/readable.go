package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"fortsatt/lessons"
)

// reading writes what stands in JSON as indented lines that a person can be sent:
// keys and our own values in the words of pages.toml, times on a clock of the
// course's. What is empty is left out.
type reading struct {
	*json.Decoder
	io.Writer
	words map[string]string
	zone  *time.Location
}

// writeReadable tells v, in the order of its JSON.
func writeReadable(w io.Writer, v any, words lessons.ExportWords, zone *time.Location) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	var lines bytes.Buffer
	fmt.Fprintf(&lines, "%s\n\n", words.Intro)
	r := reading{json.NewDecoder(bytes.NewReader(text)), &lines, words.Words, zone}
	r.UseNumber()
	if err := r.value("", ""); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	_, err = lines.WriteTo(w)
	return err
}

// value tells the next value, under its label.
func (r reading) value(indent, label string) error {
	token, err := r.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		if label != "" && r.More() {
			fmt.Fprintf(r, "%s%s:\n", indent, label)
		}
		if label != "" {
			indent += "  "
		}
		if v == '[' {
			return r.list(indent)
		}
		return r.object(indent)
	case nil:
		return nil
	default:
		r.line(indent, label, r.said(v))
		return nil
	}
}

func (r reading) object(indent string) error {
	for r.More() {
		key, err := r.Token()
		if err != nil {
			return err
		}
		if err := r.value(indent, r.word(fmt.Sprint(key))); err != nil {
			return err
		}
	}
	_, err := r.Token()
	return err
}

// list sets its entries apart by an empty line, if they are more than a word.
func (r reading) list(indent string) error {
	for first := true; r.More(); first = false {
		if !first {
			fmt.Fprintln(r)
		}
		if err := r.value(indent, ""); err != nil {
			return err
		}
	}
	_, err := r.Token()
	return err
}

func (r reading) line(indent, label, said string) {
	if said == "" {
		return
	}
	if label != "" {
		label += ": "
	}
	if strings.Contains(said, "\n") {
		said = "\n" + indent + "  " + strings.ReplaceAll(strings.TrimRight(said, "\n"), "\n", "\n"+indent+"  ")
		label = strings.TrimRight(label, " ")
	}
	fmt.Fprintf(r, "%s%s%s\n", indent, label, said)
}

func (r reading) word(of string) string {
	if word, ok := r.words[of]; ok {
		return word
	}
	return of
}

// said is a value for people. A stranger's text must not steer their terminal.
func (r reading) said(v any) string {
	text := fmt.Sprint(v)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.In(r.zone).Format("2006-01-02 15:04:05 MST")
	}
	text = strings.ReplaceAll(r.word(text), "\r\n", "\n")
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
