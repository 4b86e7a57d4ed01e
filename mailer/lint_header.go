package mailer

import "strings"

// A field is one of a letter's header.
type field struct {
	name  string // "" if the line is no field; as we write it, if we do
	raw   string // as it is folded, without the blanks around it
	value string // unfolded
}

// ourFields are all that a letter of ours may have, but for what another rule judges.
var ourFields = map[string]bool{
	"DKIM-Signature": true, "Date": true, "From": true, "Sender": true, "Reply-To": true, "To": true, "Cc": true, "Bcc": true,
	"Subject": true, "Message-ID": true, "List-Id": true, "List-Unsubscribe": true, "List-Unsubscribe-Post": true,
	"Precedence": true, "X-Auto-Response-Suppress": true, "Auto-Submitted": true, "MIME-Version": true, "Content-Type": true,
	"X-PM-KeepID": true, "X-PM-Metadata-id": true,
}

// splitFields parts a header into its fields, appended to fields.
func splitFields(fields []field, head string) []field {
	for head != "" {
		end := 0 // of the field's last line
		for end < len(head) {
			line := strings.IndexByte(head[end:], '\n') + 1
			if line == 0 {
				line = len(head) - end
			}
			end += line
			if end < len(head) && head[end] != ' ' && head[end] != '\t' {
				break
			}
		}
		fields = append(fields, readField(head[:end]))
		head = head[end:]
	}
	return fields
}

func readField(text string) field {
	name, raw, found := strings.Cut(text, ":")
	if !found || !isFieldName(name) {
		return field{}
	}
	raw = strings.Trim(raw, " \t\r\n")
	f := field{asWritten(name), raw, raw}
	if strings.IndexByte(raw, '\n') >= 0 {
		f.value = strings.ReplaceAll(raw, "\r\n", "")
	}
	return f
}

// isFieldName follows RFC 5322 §3.6.8.
func isFieldName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return name != ""
}

// asWritten spells a field's name as we do, since readers do not mind its case.
func asWritten(name string) string {
	if !ourFields[name] {
		for ours := range ourFields {
			if strings.EqualFold(name, ours) {
				return ours
			}
		}
	}
	return name
}

func (f field) begins(prefix string) bool {
	return len(f.name) >= len(prefix) && strings.EqualFold(f.name[:len(prefix)], prefix)
}
