package mailer

import "bytes"

// E01: lines, as RFC 5322 §2.1.1 and §2.3 have them. They are read without any library, since
// a reader that forgives is no judge.

// headLines wants ASCII in lines that are folded where they can be.
func (l *look) headLines() {
	for n, rest := 1, l.head; rest != nil; n++ {
		line := rest
		if end := bytes.Index(rest, []byte("\r\n")); end >= 0 {
			line, rest = rest[:end], rest[end+2:]
		} else {
			rest = nil
		}
		for _, octet := range line {
			if octet > '~' || octet < ' ' && octet != '\t' {
				l.fail("octet 0x%02x in line %d of the header", octet, n)
				break
			}
		}
		switch blank := bytes.TrimLeft(line, " \t"); {
		case len(blank) == 0:
			l.fail("line %d of the header is blank", n)
		case len(line) > lineLimit:
			l.fail("line %d of the header has %d octets", n, len(line))
		case len(line) > 78 && bytes.ContainsAny(blank, " \t"):
			l.fail("line %d of the header has %d octets, and could be folded", n, len(line))
		}
	}
}

func (l *look) bodyLines() {
	for n, rest := 1, l.body; len(rest) > 0; n++ {
		end := bytes.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			l.fail("line %d of the body does not end in CRLF", n)
			return
		}
		line := rest[:end-1]
		rest = rest[end+1:]
		switch {
		case bytes.IndexByte(line, '\r') >= 0:
			l.fail("a bare CR in line %d of the body", n)
		case bytes.IndexByte(line, 0) >= 0:
			l.fail("a NUL in line %d of the body", n)
		case len(line) > lineLimit:
			l.fail("line %d of the body has %d octets", n, len(line))
		}
	}
}
