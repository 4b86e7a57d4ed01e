// Package mailer is how a letter travels: it turns a Message into bytes (MIME) and hands
// them to a relay (SMTP). It knows nothing of courses, databases or the environment, and it
// is the only package that imports go-mail.
//
// Start with message.go for the bytes, and with conn.go for the wire. A letter goes out in
// three steps, so that the caller can write down that it is about to be sent before the last:
//
//	message, err := Message{…}.Bytes()
//	err = conn.Offer(ctx, Envelope{from, to}) // MAIL, RCPT and DATA
//	err = conn.Write(ctx, message)            // the text, without its end
//	…                                         // the ledger's mark, committed
//	reply, err := conn.Dot(ctx, next)         // the end of the text: now the relay answers for it
//
// Dot announces the next letter too, if there is one: its Offer then only reads the replies.
//
// A letter's two texts are made of pieces (body.go): what many readers get is encoded once. A
// Signer (dkim.go) vouches for the bytes, and lint.go holds them against what receivers ask.
//
// What comes back is read here too: ReadReturn (return.go) makes one answer of reports,
// complaints and automatic answers, ReadHook (hook.go) of what providers post.
//
// Package relaytest, below this one, is a relay whose replies a test decides.
package mailer
