package mailer

import (
	"regexp"
	"strings"
)

// A meaning is a code of RFC 3463, and words by which servers say it without the code. The
// first that occurs counts: what is wrong with us, the wire or the moment comes before what
// is wrong with the mailbox. Words that servers use for either, as "mailbox unavailable" or
// "address rejected", are not here.
var meanings = []struct {
	enhanced string
	words    []string
}{
	{"4.7.1", []string{
		"greylist", "graylist", "grey list", "gray list", "too quickly",
		"receiving mail at a rate", "rate limit", "too many messages", "too many connections",
	}},
	{"5.7.1", []string{
		"spam", "block list", "blocklist", "blacklist", "black list", "blocked", "dnsbl",
		"rbl ", "reputation", "policy", "policies", "unsolicited", "bulk mail", "virus",
		"malware", "phish", "content reject", "content filter", "message content", "offensive",
		"dmarc", "spf ", "spf)", "dkim", "authentication required", "unauthenticated",
		"not authenticated", "reverse dns", "ptr record", "relaying denied", "relay denied",
		"unable to relay", "not permitted to relay", "relay not permitted", "relaying not",
		"we do not relay", "no relaying", "not allowed to relay", "allowed rcpthosts",
		"access denied", "not authorized", "not authorised", "administrative prohibition",
		"permission", "not allowed to send", "only accepts mail from", "banned", "prohibited",
		"sender address", "envelope sender", "sender rejected", "sender denied", "sender verif",
		"sender unknown", "unknown sender", "invalid sender", "sender domain",
		"domain of sender", "return path", "restricted", "not accepting mail from you",
		"refused to accept mail from", "cannot accept messages from you", "not a member",
		"suspicious",
	}},
	{"5.2.2", []string{
		"mailbox full", "mailbox is full", "mailbox for user is full", "mailbox has exceeded",
		"exceeded storage", "exceeded the storage", "exceeded its storage", "over storage",
		"out of storage", "storage limit", "storage allocation", "insufficient storage",
		"mailbox size limit", "disk full", "not enough space", "no space left",
		"not enough storage", "full mailbox", "mailfolder is full", "inbox is full",
		"too many mails in mailbox", "over disk space", "quota", "postfach voll",
		"postfach ist voll", "postfach ist überfüllt", "speicherplatz", "brevlådan är full",
		"brevlåda är full", "postlådan är full", "boîte pleine", "boîte aux lettres est pleine",
		"boîte de réception est pleine", "postikassi on täynnä", "postkassen er full",
		"postboks er fuld", "buzón está lleno", "casella piena",
	}},
	{"5.3.4", []string{
		"too large", "too big", "message size exceeds", "size limit", "maximum message size",
		"maximum size", "message length exceeds", "nachricht ist zu groß",
		"meddelandet är för stort",
	}},
	{"4.4.7", []string{
		"timed out", "timeout", "time out", "delivery time expired", "message expired",
		"envelope expired", "has expired", "too long", "been failing for a long time",
		"retry time not reached", "not been able to deliver it within",
	}},
	{"5.4.6", []string{
		"too many hops", "hop count exceeded", "mail loop", "loops back to myself",
		"routing loop",
	}},
	{"5.4.4", []string{
		"host not found", "host unknown", "unknown host", "domain not found",
		"domain does not exist", "unknown domain", "no such domain", "couldn't find any host",
		"could not find any host", "couldn't find a mail exchanger", "name server",
		"name service error", "nonexistent domain", "non-existent domain", "nxdomain",
		"no mx record", "dns error", "dns lookup", "no route to host", "unreachable",
		"network error",
	}},
	{"4.4.1", []string{
		"connection refused", "connection reset", "connection failed", "lost connection",
		"connection dropped", "not able to connect", "could not connect", "couldn't connect",
		"unable to connect", "wasn't able to establish", "connection closed", "connection died",
		"no answer from host",
	}},
	{"4.3.0", []string{
		"temporary", "temporarily", "try again later", "local error", "internal error",
		"configuration error", "system error", "command died", "command failed",
		"child process", "i/o error",
	}},
	{"5.2.1", []string{
		"account disabled", "account is disabled", "account has been disabled",
		"mailbox disabled", "mailbox is disabled", "mailbox has been disabled", "user disabled",
		"user is disabled", "account that you tried to reach is disabled",
		"account deactivated", "account is deactivated", "account has been deactivated",
		"account closed", "account has been closed", "konto ist deaktiviert",
		"kontot är avstängt", "kontot är inaktiverat",
	}},
	{"5.1.1", []string{
		"user unknown", "unknown user", "no such user", "user not found", "user doesn't exist",
		"user does not exist", "unknown recipient", "recipient unknown", "no such recipient",
		"recipient not found", "recipient does not exist", "recipient doesn't exist",
		"recipnotfound", "unknown address", "address unknown", "no such address",
		"address not found", "address does not exist", "address doesn't exist",
		"email address could not be found", "email address wasn't found", "no such mailbox",
		"no mailbox here", "no mailbox found", "no mailbox by that name", "mailbox not found",
		"mailbox does not exist", "mailbox doesn't exist", "mailbox unknown", "unknown mailbox",
		"not a valid mailbox", "unknown local part", "unknown local-part", "no such local user",
		"unknown local user", "account not found", "account does not exist",
		"account doesn't exist", "account that you tried to reach does not exist",
		"no such account", "unknown account", "invalid recipient", "invalid mailbox",
		"does not have an account", "this user doesn't have", "not a known user",
		"not our customer", "not listed in domino directory", "not listed in public name",
		"addressee unknown", "no such person", "no such email", "benutzer unbekannt",
		"unbekannter benutzer", "empfänger unbekannt", "unbekannter empfänger",
		"nicht im domino directory", "empfänger existiert nicht", "benutzer existiert nicht",
		"postfach existiert nicht", "okänd mottagare",
		"mottagaren finns inte", "okänd användare", "användaren finns inte",
		"adressen finns inte", "adressen hittades inte", "utilisateur inconnu",
		"destinataire inconnu", "adresse introuvable", "tuntematon vastaanottaja",
		"ukjent mottaker", "ukjent bruker", "ukendt modtager", "ukendt bruger",
		"usuario desconocido", "utente sconosciuto",
	}},
}

// meaning is the code that words stand for, or "".
func meaning(text string) string {
	text = plainWords(text)
	for _, m := range meanings {
		for _, words := range m.words {
			if strings.Contains(text, words) {
				return m.enhanced
			}
		}
	}
	return ""
}

// Names of hosts, addresses and links say nothing, whatever words they have in them.
var names = regexp.MustCompile(`[^\s<>]*(?:@|://)[^\s<>]*|[\w-]+(?:\.[\w-]+)+`)

func plainWords(text string) string {
	text = strings.ToLower(text)
	return strings.ReplaceAll(names.ReplaceAllString(text, ""), "’", "'")
}
