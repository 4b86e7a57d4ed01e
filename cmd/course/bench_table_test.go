package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// A table is what the measurements came to, in the order they were made.
type table struct {
	rows  []row
	notes []string
}

// A row sets a measure beside its limit. Goals are numbered as in the plan.
type row struct {
	goal            int
	what            string
	measured, limit float64
	wanted          float64 // of measured / limit
	atMost          bool    // or else at least
}

func (t *table) atLeast(goal int, what string, measured, limit, wanted float64) {
	t.rows = append(t.rows, row{goal: goal, what: what, measured: measured, limit: limit, wanted: wanted})
}

func (t *table) atMost(goal int, what string, measured, limit float64) {
	t.rows = append(t.rows, row{goal: goal, what: what, measured: measured, limit: limit, wanted: 1, atMost: true})
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (r row) ratio() float64 { return r.measured / r.limit }

func (r row) verdict() string {
	if r.atMost && r.ratio() <= r.wanted || !r.atMost && r.ratio() >= r.wanted {
		return "ok"
	}
	return "MISS"
}

func (r row) cells() string {
	sign := "≥"
	if r.atMost {
		sign = "≤"
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%.0f %%\t%s %.0f %%\t%s",
		r.goal, r.what, figure(r.measured), figure(r.limit), 100*r.ratio(), sign, 100*r.wanted, r.verdict())
}

func figure(n float64) string {
	if n < 10 {
		return fmt.Sprintf("%.2f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

func (t *table) print(w io.Writer) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "\ngoal\twhat\tmeasured\tlimit\tratio\twanted\t")
	for _, r := range t.rows {
		fmt.Fprintln(columns, r.cells())
	}
	columns.Flush()
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
}

// median of an odd number of measures.
func median[T cmp.Ordered](all []T) T {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
