package mailer

import (
	"slices"
	"strings"
)

const (
	manyTokens = 20
	longToken  = 64 // RFC 5321 §4.5.3.1.1
)

// tokens are where the mail came to, and after that where our letter says it came from. A
// relay may have added to the local part (user+detail, or SRS and BATV with their =), so that
// its pieces are candidates too.
func (m *returned) tokens() (tokens []string) {
	var values []string
	for _, name := range []string{"Delivered-To", "X-Original-To", "To"} {
		values = append(values, m.header.all(name)...)
	}
	values = append(values, m.feedback.all("Original-Mail-From")...)
	values = append(values, m.letter.all("Return-Path")...)
	for _, value := range values {
		for _, local := range localParts(value) {
			tokens = addTokens(tokens, local)
		}
		if len(tokens) >= manyTokens {
			return tokens[:manyTokens]
		}
	}
	return tokens
}

func addTokens(tokens []string, local string) []string {
	pieces := []string{local}
	if strings.ContainsAny(local, "+=") {
		pieces = append(pieces, strings.FieldsFunc(local, func(r rune) bool { return r == '+' || r == '=' })...)
	}
	for _, piece := range pieces {
		if piece != "" && len(piece) <= longToken && isPrintable(piece) && !slices.Contains(tokens, piece) {
			tokens = append(tokens, piece)
		}
	}
	return tokens
}

// localParts finds the addresses in a field, whatever stands around them.
func localParts(value string) (locals []string) {
	value = strings.ToLower(value[:min(len(value), 8000)])
	for len(locals) < manyTokens {
		before, after, found := strings.Cut(value, "@")
		if !found {
			break
		}
		value = after
		if unquoted, quoted := strings.CutSuffix(before, `"`); quoted {
			locals = append(locals, unquoted[strings.LastIndexByte(unquoted, '"')+1:])
			continue
		}
		start := strings.LastIndexFunc(before, func(r rune) bool { return r != '.' && !isAtom(string(r)) })
		locals = append(locals, before[start+1:])
	}
	return locals
}

// messageIDs come from our letter, if it came back, or from what an answer answers.
func (m *returned) messageIDs() (ids []string) {
	values := []string{m.letter.get("Message-Id"), m.receipt.get("Original-Message-Id"), m.header.get("In-Reply-To")}
	for _, value := range values {
		_, value, _ = strings.Cut(value, "<")
		id, _, found := strings.Cut(value, ">")
		if found && id != "" && len(id) <= 250 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
