package lessons

import (
	"errors"
	"fmt"
)

// A fault is one thing wrong in one file, told so that its writer can mend it.
type fault struct {
	file    string
	line    int // 0: the file as a whole
	problem string
}

func (f fault) Error() string {
	if f.line == 0 {
		return f.file + ": " + f.problem
	}
	return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.problem)
}

// faults collects what is wrong, in the order of reading.
type faults []fault

func (fs *faults) add(file string, line int, format string, args ...any) {
	*fs = append(*fs, fault{file, line, fmt.Sprintf(format, args...)})
}

// err joins the faults, one a line. The layout is compiled with every letter,
// so its faults recur; each is told once.
func (fs faults) err() error {
	var all []error
	told := map[fault]bool{}
	for _, f := range fs {
		if !told[f] {
			told[f] = true
			all = append(all, f)
		}
	}
	return errors.Join(all...)
}
