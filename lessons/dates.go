package lessons

import (
	"fmt"
	"time"
)

var (
	weekdays = [...]string{"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"}
	months   = [...]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}
)

// Date writes a day in Swedish, in the time's own zone: "tisdag 3 mars".
func Date(t time.Time) string {
	return fmt.Sprintf("%s %d %s", weekdays[t.Weekday()], t.Day(), months[t.Month()-1])
}

// DateAndTime writes a moment in Swedish, in the time's own zone:
// "22 november kl. 14.05".
func DateAndTime(t time.Time) string {
	return fmt.Sprintf("%d %s kl. %s", t.Day(), months[t.Month()-1], t.Format("15.04"))
}
