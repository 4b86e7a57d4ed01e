// Package lessons holds what we write, as files, and the code that loads,
// checks and renders them: courses, articles, webinars, pages and letters.
//
// Start at [Load], which reads a directory laid out like this one (the shipped
// texts: [Shipped]) and refuses it, with file, line and reason, if anything in
// it is wrong. Then follow one [Letter]: [Compile] turns its Markdown and its
// layout into fixed pieces and holes, and [Letter.Render] only joins them. Where
// many readers are to have it, [Prepare] encodes the fixed pieces beforehand.
// [Lint] holds the finished letter against the rules on what it says and how it
// looks; its rulebook is the list of them.
//
//	publisher.toml                who publishes: name, email, number, address, relay
//	wall.toml, pages.toml         the wording of the wall and of the pages
//	pages/integritet.md           the privacy page; pages/tillganglighet.md, on accessibility
//	letters/layout.html, .txt     the layout of every letter
//	letters/<kind>.md             the service letters: confirm, login, question-…
//	articles/<slug>.md            an article; a line <!-- wall --> ends its teaser
//	webinars/<slug>.md            a webinar, with a wall as in an article
//	<course>/course.toml          a folder with this file is a course
//	<course>/NN-name.md           its lessons: week 01, 02 and on, without gaps
//
// Texts are Markdown with TOML front matter between lines of +++. A text may
// hold a few fields, such as {{.Name}}, and tests for emptiness, such as
// {{if .Name}} {{.Name}}{{end}}, and nothing else: no functions, no loops.
package lessons
