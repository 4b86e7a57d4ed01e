package lessons

import (
	"errors"
	"fmt"
)

// Fault is one thing wrong in one file, told so that its writer can mend it.
type Fault struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
}

func (f Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Problem
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Problem)
}

// Faults are what [Load] found wrong, one by one; none for any other error.
func Faults(err error) (all []Fault) {
	var f Fault
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, Faults(one)...)
		}
	} else if errors.As(err, &f) {
		all = append(all, f)
	}
	return all
}

// faults collects what is wrong, in the order of reading.
type faults []Fault

func (fs *faults) add(file string, line int, format string, args ...any) {
	*fs = append(*fs, Fault{file, line, fmt.Sprintf(format, args...)})
}

// err joins the faults, one a line. The layout is compiled with every letter,
// so its faults recur; each is told once.
func (fs faults) err() error {
	var all []error
	told := map[Fault]bool{}
	for _, f := range fs {
		if !told[f] {
			told[f] = true
			all = append(all, f)
		}
	}
	return errors.Join(all...)
}
