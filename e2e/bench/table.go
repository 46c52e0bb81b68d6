package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// row is a line of the printed table. A target of 0 is none.
type row struct {
	name   string
	value  string
	ratio  float64
	base   string
	target float64
	aim    float64
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func (b *bench) print(out io.Writer, table []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measured\tvalue\tratio\tto\tmust\taim\t")
	for _, r := range table {
		verdict := ""
		switch {
		case r.target == 0:
		case r.ratio <= r.aim:
			verdict = "ok, aim reached"
		case r.ratio <= r.target:
			verdict = "ok"
		default:
			verdict = "SHORT"
		}
		if r.target == 0 {
			fmt.Fprintf(w, "%s\t%s\t%.2f\t%s\t\t\t\n", r.name, r.value, r.ratio, r.base)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%s\t≤ %g\t≤ %g\t%s\n", r.name, r.value, r.ratio, r.base, r.target, r.aim, verdict)
	}
	return w.Flush()
}
