package lessons

import (
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// Rules on where the letter leads: E16, E18 and E22.

func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

func onLoopback(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// fetching are the attributes that hold addresses.
var fetching = strings.Fields("href src action formaction background poster cite data longdesc")

// everyAddress is each address of both parts, once.
func (i *inspection) everyAddress() (all []string) {
	add := func(address string) {
		if address != "" && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	i.elements(func(n *html.Node) {
		for _, a := range n.Attr {
			if slices.Contains(fetching, a.Key) {
				add(strings.TrimSpace(a.Val))
			}
		}
		if set, ok := lookUp(n, "srcset"); ok {
			for _, one := range strings.Split(set, ",") {
				add(strings.SplitN(strings.TrimSpace(one), " ", 2)[0])
			}
		}
	})
	for _, address := range linksInText(i.Text) {
		add(address)
	}
	return all
}

func (i *inspection) addresses() {
	for _, address := range i.everyAddress() {
		if problem := i.problemWith(address); problem != "" {
			i.fail(address, "%s: %s", address, problem)
		}
	}
	for _, l := range i.links {
		if l.to == "" {
			i.fail(l.words, "the link “%s” leads nowhere; look at the field in the text or the layout", l.words)
		}
	}
}

// problemWith says what keeps an address out of a letter; "" if nothing does.
func (i *inspection) problemWith(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "no address that a mail program understands"
	}
	if u.Scheme == "mailto" {
		if i.Publisher.Email == "" && onLoopback(i.Base) {
			return "" // stands in brackets, as E15 tells
		}
		if to, err := mail.ParseAddress(u.Opaque); err != nil || to.Address != u.Opaque {
			return "no email address; write mailto: and the address, as in mailto:red@example.se"
		}
		return ""
	}
	base, err := url.Parse(i.Base)
	ours := err == nil && u.Host == base.Host
	switch {
	case u.Scheme == "http" && ours && base.Scheme == "http" && onLoopback(i.Base):
		return ""
	case u.Scheme != "https":
		return "must be whole and begin with https://"
	case u.User != nil:
		return "holds a user name; leave it out"
	case !ours && !slices.Contains(i.Hosts, u.Host):
		return "leads to " + strconv.Quote(u.Host) + ", which is not ours; if that is meant, name it under hosts in course.toml"
	}
	return ""
}

// tracking finds what tells the sender that, or by whom, a letter was opened or a link
// followed. No reader has been asked whether that is all right.
func (i *inspection) tracking() {
	i.elements(func(n *html.Node) {
		if n.Data != "img" {
			return
		}
		src := attribute(n, "src")
		switch {
		case tiny(n, "width") || tiny(n, "height") || hides(n, i.sheet):
			i.fail(src, "an image that nobody sees (%s) is a tracking pixel; take it away", src)
		case i.personal(src):
			i.fail(src, "the image %s is another for each reader, which tells who opens the letter; use one for all", src)
		}
	})
	for _, l := range i.links {
		if i.ownLink(l.to) {
			continue
		}
		if i.detour(l.to) {
			i.fail(l.to, "the link %s leads by way of us to another page, where it could be counted; link to the page itself", l.to)
		} else if i.personal(l.to) {
			i.fail(l.to, "the link %s is another for each reader, which tells who follows it; use one for all", l.to)
		}
	}
}

var small = regexp.MustCompile(`^\s*[0-2](px)?\s*$`)

func tiny(n *html.Node, side string) bool {
	value := attribute(n, side)
	for _, d := range parseDeclarations(attribute(n, "style")) {
		if d.property == side {
			value = d.value
		}
	}
	return value != "" && small.MatchString(value)
}

// ownLink is one that may differ between readers: it does what the reader asks, and
// nothing else.
func (i *inspection) ownLink(to string) bool {
	return to == i.Fields.PrivacyURL || slices.Contains(i.Fields.own(), to)
}

// personal says whether an address holds the token of one of the reader's own links.
func (i *inspection) personal(address string) bool {
	for _, own := range i.Fields.own() {
		token := own[strings.LastIndexByte(own, '/')+1:]
		if token != "" && slices.Contains(word.FindAllString(address, -1), token) {
			return true
		}
	}
	return false
}

// detour says whether a link goes to our site only to be sent on.
func (i *inspection) detour(to string) bool {
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, i.Base) {
		return false
	}
	for _, values := range u.Query() {
		if slices.ContainsFunc(values, isWeb) {
			return true
		}
	}
	return false
}

// readersData: no address holds what we know of the reader. One that stands in the
// letter to somebody without a name as well may hold the same letters by chance.
func (i *inspection) readersData() {
	name := strings.ToLower(strings.TrimSpace(i.Fields.Name))
	for _, address := range i.everyAddress() {
		open, err := url.QueryUnescape(address)
		if err != nil {
			open = address
		}
		open = strings.ToLower(open)
		if i.Reader != "" && strings.Contains(open, strings.ToLower(i.Reader)) {
			i.fail(address, "%s holds the reader's address; servers and mail filters keep what they see", address)
		} else if name != "" && strings.Contains(open, name) && i.Nameless != nil && !strings.Contains(html.UnescapeString(i.Nameless.HTML), address) {
			i.fail(address, "%s holds the reader's name; servers and mail filters keep what they see", address)
		}
	}
}

func (i *inspection) banner() {
	i.elements(func(n *html.Node) {
		if n.Data == "meta" && strings.EqualFold(attribute(n, "name"), "generator") {
			i.fail("", "<meta name=\"generator\"> tells which program wrote the letter; take it away")
		}
	})
}
