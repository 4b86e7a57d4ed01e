package main

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a name is, no spreadsheet runs it, and an import reads it back as it was.
func TestCVE_2018_8092_NoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''=1", "'", "''", "'Anna", "Anna", "O'Neill", ""} {
		comesBack(t, cell)
	}
	rapid.Check(t, func(t *rapid.T) {
		comesBack(t, rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\r＝＠a1("))).Draw(t, "cell"))
	})
}

func comesBack(t interface{ Errorf(string, ...any) }, cell string) {
	exported := inert(cell)
	if strings.IndexAny(exported, "=+-@\t\r＝＋－＠") == 0 {
		t.Errorf("%q is exported as %q", cell, exported)
	}
	if got := active(exported); got != cell {
		t.Errorf("%q is exported as %q and comes back as %q", cell, exported, got)
	}
}
