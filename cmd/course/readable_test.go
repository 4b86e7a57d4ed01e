package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"fortsatt/course"
	"fortsatt/lessons"
)

// Whatever the export may hold has a Swedish word for its reader.
func TestEveryKeyOfTheExportHasAWord(t *testing.T) {
	t.Parallel()
	library, err := lessons.Load(lessons.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	keys := keysOf(reflect.TypeFor[course.Dossier]())
	if len(keys) < 50 {
		t.Fatalf("the export has the keys %q, which cannot be all", keys)
	}
	for _, key := range keys {
		if library.Pages.Export.Words[key] == "" {
			t.Errorf("pages.toml: [export.words] lacks %q", key)
		}
	}
}

func keysOf(t reflect.Type) (keys []string) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return keysOf(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key != "-" && field.IsExported() {
				if !field.Anonymous {
					keys = append(keys, key)
				}
				if field.Type != reflect.TypeFor[time.Time]() {
					keys = append(keys, keysOf(field.Type)...)
				}
			}
		}
	}
	return keys
}

// What a stranger wrote stays in its place, and steers no terminal.
func TestReadableTextIsInert(t *testing.T) {
	t.Parallel()
	words := lessons.ExportWords{Intro: "Det här:", Words: map[string]string{"raw": "Innehåll", "active": "aktiv", "state": "Läge", "true": "ja", "list": "Lista"}}
	v := struct {
		State string     `json:"state"`
		Yes   bool       `json:"yes"`
		None  *time.Time `json:"none"`
		Empty []string   `json:"list_of_none"`
		At    time.Time  `json:"at"`
		List  []any      `json:"list"`
	}{"active", true, nil, []string{}, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), []any{
		map[string]course.Octets{"raw": course.Octets("To: bo\r\n\x1b[2Jhej\x00\n")}, map[string]int{"n": 1000000}}}
	var got strings.Builder
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	if err := writeReadable(&got, v, words, stockholm); err != nil {
		t.Fatal(err)
	}
	want := "Det här:\n\nLäge: aktiv\nyes: ja\nat: 2026-07-01 14:00:00 CEST\nLista:\n" +
		"  Innehåll:\n    To: bo\n    \ufffd[2Jhej\ufffd\n\n  n: 1000000\n"
	if got.String() != want {
		t.Errorf("got\n%q\nwant\n%q", got.String(), want)
	}
}

func TestOctetsAreJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal([]course.Octets{course.Octets("å"), {0xff}})
	if err != nil || string(got) != `["å",{"base64":"/w=="}]` {
		t.Errorf("got %s, %v", got, err)
	}
}
