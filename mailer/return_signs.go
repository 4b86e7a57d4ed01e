package mailer

import "strings"

// isBounceOfKnownForm knows what Exim, qmail and Sendmail send; their marks stand in no other
// mail, also where it calls itself an automatic answer.
func (m *returned) isBounceOfKnownForm() bool {
	qmail := strings.HasPrefix(m.prose, "Hi. This is the ") && strings.Contains(m.prose, "wasn't able to deliver") // QSBMF
	return qmail || m.header.has("X-Failed-Recipients") || strings.Contains(m.prose, "\n   ----- The following addresses had ")
}

// isFromMailSystem goes by the sender's name, which people and their programs do not use.
func (m *returned) isFromMailSystem() bool {
	from := strings.ToLower(m.header.text("From"))
	return from == "" || from == "<>" || containsAny(from, mailSystems)
}

var mailSystems = []string{
	"mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mail delivery",
	"maildelivery", "mail administrator", "system administrator", "systemadministrator",
	"systemadministratör", "microsoftexchange", "mdaemon@", "mailsystem", "mail system",
}

// speaksOfDelivery says whether a mail system's letter is about a letter's fate; it may also
// be a report of quarantined mail, or a notice to a postmaster.
func (m *returned) speaksOfDelivery() bool {
	subject := strings.ToLower(m.header.text("Subject"))
	return containsAny(subject, bounceSubjects) || containsAny(subject, delaySubjects) ||
		containsAny(strings.ToLower(collapse(m.prose)), bouncePhrases)
}

var bounceSubjects = []string{
	"undeliver", "non-deliver", "nondeliver", "not deliver", "failure notice",
	"delivery failure", "delivery failed", "delivery has failed", "delivery unsuccessful",
	"delivery error", "returned mail", "returned to sender", "mail returned",
	"status notification (failure)", "delivery problem", "could not be delivered",
	"couldn't be delivered", "cannot be delivered", "can't deliver", "unable to deliver",
	"bounced", "mail system error", "returning message", "mail failure", "message rejected",
	"rejected mail", "unzustellbar", "nicht zustellbar", "nicht zugestellt", "olevererbar",
	"oleverbar", "inte leverera", "kunde inte", "går inte att leverera", "ej levere",
	"toimittamaton", "ei voi toimittaa", "ei voitu toimittaa", "kan ikke lever", "ikke levert",
	"ikke leveret", "non remis", "non distribu", "échec de la remise", "no se puede entregar",
	"non recapitabile", "onbestelbaar",
}

var delaySubjects = []string{
	"delayed", "delay)", "delivery warning", "warning: message", "warning: could not",
	"mail delay", "still not deliver", "fördröjd", "försenad", "verzöger", "viivästy",
	"forsinket", "retardé", "différé",
}

var bouncePhrases = []string{
	"could not be delivered", "couldn't be delivered", "cannot be delivered",
	"can't be delivered", "was not delivered", "wasn't delivered", "unable to deliver",
	"not able to deliver", "wasn't able to deliver", "could not deliver", "did not reach",
	"undeliverable", "delivery failed", "delivery to the following recipient",
	"delivery has failed", "permanent error", "permanent fatal error", "not been delivered",
	"attempting to deliver", "konnte nicht zugestellt", "nicht erreicht",
	"kunde inte levereras", "har inte nått", "nådde inte", "n'a pas pu être",
	"ei voitu toimittaa", "kunne ikke leveres",
}

// saysDelayed goes by the subject first: a bounce says in its text how long was tried.
func (m *returned) saysDelayed() bool {
	subject := strings.ToLower(m.header.text("Subject"))
	if containsAny(subject, delaySubjects) {
		return true
	}
	return containsAny(strings.ToLower(collapse(m.prose)), delayPhrases)
}

var delayPhrases = []string{
	"this is a warning message only", "do not need to resend", "will continue to try",
	"will keep trying", "will be retried", "still trying to deliver",
	"delivery attempts will continue", "no action is required on your part",
	"has not yet been delivered", "wird weiterhin versucht", "ytterligare försök",
}

// isFromList knows list servers' notes and challenges: a program wants something of us, which
// says nothing about the reader's mailbox. The subject may be our own, behind the word that
// it could not be delivered.
func (m *returned) isFromList() bool {
	subject := strings.ToLower(m.header.text("Subject"))
	return m.header.has("List-Id") || m.header.has("X-Mailman-Version") ||
		containsAny(subject, listSubjects) && !containsAny(subject, bounceSubjects) ||
		containsAny(strings.ToLower(collapse(m.prose)), listPhrases)
}

var listSubjects = []string{
	"moderator approval", "awaiting moderation", "held for moderation", "post by non-member",
	"requires approval", "not subscribed", "please confirm", "confirm your message",
	"confirmation required", "verify your message", "please verify", "action required",
	"sender verification", "bitte bestätigen", "bekräfta",
}

var listPhrases = []string{
	"only members", "only subscribers", "not a member of", "not subscribed to",
	"awaits moderator", "held until the list moderator", "to confirm that you",
	"challenge-response", "to release your message", "prove that you are human",
	"one-time confirmation",
}

// isAutoReply follows RFC 3834 §5, and what programs used before it.
func (m *returned) isAutoReply() bool {
	if strings.HasPrefix(strings.ToLower(m.header.get("Auto-Submitted")), "auto-replied") ||
		strings.EqualFold(m.header.get("Precedence"), "auto_reply") ||
		strings.EqualFold(m.header.get("X-Apple-Action"), "vacation") {
		return true
	}
	for _, name := range autoFields {
		if m.header.has(name) {
			return true
		}
	}
	return containsAny(strings.ToLower(m.header.text("Subject")), autoSubjects)
}

var autoFields = []string{
	"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Mail-Autoreply",
	"X-Vacation",
}

var autoSubjects = []string{
	"out of office", "out of the office", "automatic reply", "automatic response", "autoreply",
	"auto-reply", "auto reply", "auto response", "autoresponse", "auto:", "on vacation",
	"vacation:", "away from my mail", "on holiday", "on leave", "maternity leave", "autosvar",
	"automatiskt svar", "frånvaro", "semester", "föräldraledig", "inte på kontoret",
	"tjänstledig", "abwesenheit", "automatische antwort", "nicht im büro", "im urlaub",
	"außer haus", "elternzeit", "automaattinen vastaus", "lomalla", "poissa", "automatisk svar",
	"fravær", "ferie", "ikke på kontoret", "ikke til stede", "réponse automatique",
	"absent du bureau", "en congé", "absence", "respuesta automática", "fuera de la oficina",
	"risposta automatica", "fuori sede", "automatisch antwoord", "afwezig",
	"resposta automática",
}

func containsAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
