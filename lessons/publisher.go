package lessons

import "net/mail"

// Publisher is who stands behind the letters. A public site must name all of
// it; on a laptop any of it may be empty.
type Publisher struct {
	Name    string `toml:"name" json:"name"`       // the legal person
	Email   string `toml:"email" json:"email"`     // where a person answers
	Number  string `toml:"number" json:"number"`   // organisationsnummer
	Address string `toml:"address" json:"address"` // postal, on one line
	Relay   string `toml:"relay" json:"relay"`     // the company that carries the letters
}

// Missing names the settings that are empty.
func (p Publisher) Missing() []string {
	var keys []string
	for _, s := range []struct{ key, value string }{
		{"name", p.Name}, {"email", p.Email}, {"number", p.Number}, {"address", p.Address}, {"relay", p.Relay},
	} {
		if s.value == "" {
			keys = append(keys, s.key)
		}
	}
	return keys
}

// Shown is the publisher as readers see it: what is missing stands in
// brackets, as in a form that is still to be filled in.
func (p Publisher) Shown() Publisher {
	or := func(value, blank string) string {
		if value == "" {
			return "[" + blank + "]"
		}
		return value
	}
	return Publisher{
		Name:    or(p.Name, "utgivarens namn"),
		Email:   or(p.Email, "e-postadress"),
		Number:  or(p.Number, "organisationsnummer"),
		Address: or(p.Address, "postadress"),
		Relay:   or(p.Relay, "företaget som skickar breven"),
	}
}

func (p Publisher) fields() map[string]string {
	p = p.Shown()
	return map[string]string{
		"PublisherName":    p.Name,
		"PublisherEmail":   p.Email,
		"PublisherNumber":  p.Number,
		"PublisherAddress": p.Address,
		"Relay":            p.Relay,
	}
}

var publisherFields = []string{"PublisherName", "PublisherEmail", "PublisherNumber", "PublisherAddress", "Relay"}

func (l *loader) publisher() Publisher {
	const file = "publisher.toml"
	var p Publisher
	source, ok := l.decodeFile(file, &p)
	if !ok || p.Email == "" {
		return p
	}
	if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email {
		l.add(file, keyLine(source, "email"), "email %q is not an address; write only the address, as in red@example.se", p.Email)
	}
	return p
}
