package demo

import "testing"

// What was committed is there after the worst end, at the same address.
func TestAnOwnServerKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	o := OwnServer(t)
	at := o.DSN()
	execute(t, at, "create table readers (name text)")
	for name, stop := range map[string]func(){"Anna": o.StopImmediate, "Bertil": o.StopFast} {
		execute(t, at, "insert into readers values ('"+name+"')")
		stop()
		o.Start()
	}
	if got := query(t, at, "select count(*) from readers"); got != "2" {
		t.Errorf("%s readers after two ends of the server, want 2", got)
	}
}
