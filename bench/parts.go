package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// part is a section of the report that can be measured alone.
type part struct {
	name string
	// sizes are the stores that the part measures.
	sizes []string
	run   func(*bench, context.Context, map[string]*service) error
}

// parts are the sections in the order in which they are measured.
var parts = []part{
	{"throughput", []string{"small"}, (*bench).throughput},
	{"against", []string{"small"}, (*bench).against},
	{"lone", []string{"small"}, (*bench).loneCharge},
	{"gateway", []string{"small"}, (*bench).gateway},
	{"reads", []string{"large"}, (*bench).reads},
	{"flat", []string{"small", "large"}, (*bench).flatness},
	{"memory", []string{"small", "large"}, (*bench).memory},
	{"allocations", nil, (*bench).allocations},
}

// chosen returns the parts that a comma-separated list names; an empty list means all.
func chosen(only string) (list []part, err error) {
	if only == "" {
		return parts, nil
	}
	names := strings.Split(only, ",")
	for _, name := range names {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("-only: there is no section %q; the sections are %s", name, partNames())
		}
	}
	for _, p := range parts {
		if slices.Contains(names, p.name) {
			list = append(list, p)
		}
	}
	return list, nil
}

func partNames() string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}
