package mailer

// A stand-in until the real one is merged.

type Return struct {
	Kind       ReturnKind
	Enhanced   string
	Code       int
	Diagnostic string
	Tokens     []string
	MessageIDs []string
}

type ReturnKind int

const (
	Unclear ReturnKind = iota
	Failed
	Delayed
	Complaint
	OptOut
	AutoReply
)

func ReadReturn(raw []byte) Return { return Return{} }
