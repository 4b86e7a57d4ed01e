package main

// commands is the command line. Extend it in the same voice: what a command
// does, lower case, no full stop.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Try it: web, worker, database and an inbox in one process, with invented readers."`
	Web     webCommand     `cmd:"" help:"Serve the wall and the sign-up pages."`
	Worker  workerCommand  `cmd:"" help:"Plan and send letters, until stopped."`
	Migrate migrateCommand `cmd:"" help:"Bring the database to this version's tables."`

	Send    sendCommand    `cmd:"" help:"Send a week's lesson now to everyone for whom it is next."`
	Hold    holdCommand    `cmd:"" help:"Stop a week's lesson, or everything, within two seconds; nothing is lost."`
	Release releaseCommand `cmd:"" help:"Let go what was held."`
	Pause   pauseCommand   `cmd:"" help:"Stop all planning and sending."`
	Resume  resumeCommand  `cmd:"" help:"Go on with planning and sending."`

	Status statusCommand `cmd:"" help:"Show what is planned, sent and stuck, and who is where in the course."`
	Why    whyCommand    `cmd:"" help:"Tell why someone did or did not get a week's lesson."`

	Deliveries  deliveriesCommands  `cmd:"" help:"List single letters that are in trouble, retry and cancel them."`
	Subscribers subscribersCommands `cmd:"" help:"List, show, import, export, unsubscribe and erase people."`
	Lessons     lessonsCommands     `cmd:"" help:"Check, preview and test lessons."`

	Questions questionsCommands `cmd:"" help:"List readers' questions to the editors, answer and decline them."`

	Bounce       bounceCommand        `cmd:"" help:"Record a mail that came back, from standard input; mail servers call it."`
	Suppressions suppressionsCommands `cmd:"" help:"List the addresses that are not written to, add and remove them."`

	DKIM   dkimCommands  `cmd:"" name:"dkim" help:"Make keys that sign letters."`
	Config configCommand `cmd:"" help:"Show the settings in force, without secrets."`
	Doctor doctorCommand `cmd:"" help:"Look at what letters stand on: DNS, relays, database, clocks; say what to mend."`
}

type deliveriesCommands struct {
	List   deliveriesListCommand `cmd:"" help:"List letters that wait for an admin or for the relay, or those in one state."`
	Retry  retryCommand          `cmd:"" help:"Make a parked or deferred letter ready at once."`
	Cancel cancelCommand         `cmd:"" help:"End a letter that has not been sent; the course goes on with the next lesson."`
}

type dkimCommands struct {
	Keygen keygenCommand `cmd:"" help:"Make a key, and show what to publish in DNS and what to set."`
}

type subscribersCommands struct {
	List        listCommand        `cmd:"" help:"List all subscribers."`
	Show        showCommand        `cmd:"" help:"Show one subscriber's progress: what was sent when, and what comes next."`
	Import      importCommand      `cmd:"" help:"Import people from a CSV file of email,name."`
	Export      exportCommand      `cmd:"" help:"Export all as CSV, or everything held about one person as JSON."`
	Unsubscribe unsubscribeCommand `cmd:"" help:"End every course and the newsletter of one person."`
	Erase       eraseCommand       `cmd:"" help:"Forget one person: everything but a keyed hash, and what was agreed to when."`
}

type suppressionsCommands struct {
	List   suppressionsListCommand   `cmd:"" help:"List suppressed addresses, the newest first."`
	Add    suppressionsAddCommand    `cmd:"" help:"Write to an address no more, whoever has it."`
	Remove suppressionsRemoveCommand `cmd:"" help:"Let an address be written to again."`
}

type lessonsCommands struct {
	Check   checkCommand   `cmd:"" help:"Look at every letter as readers of all kinds get it: what keeps it from being sent, and advice."`
	Preview previewCommand `cmd:"" help:"Show a week's lesson as a reader gets it."`
	Test    testCommand    `cmd:"" help:"Send a week's lesson to a colleague, marked [Prov]."`
}

type questionsCommands struct {
	List    questionsListCommand    `cmd:"" help:"List the questions that wait, for the editors or for their asker."`
	Answer  questionsAnswerCommand  `cmd:"" help:"Answer a question; it is published once the asker has approved its wording."`
	Decline questionsDeclineCommand `cmd:"" help:"Close a question with a kind reply, for the asker alone."`
}
