package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"codexible/catalog"
	"codexible/fault"
)

func TestAnAllowanceIsNoWiderThanAnother(t *testing.T) {
	for _, c := range []struct {
		a, most       catalog.Allowance
		within, equal bool
	}{
		{nil, nil, true, true},
		{catalog.Allowance{"a"}, nil, true, false},
		{nil, catalog.Allowance{"a"}, false, false},
		{catalog.Allowance{"a"}, catalog.Allowance{"b", "a"}, true, false},
		{catalog.Allowance{"a", "b"}, catalog.Allowance{"b", "a"}, true, true},
		{catalog.Allowance{"a", "c"}, catalog.Allowance{"b", "a"}, false, false},
		{catalog.Allowance{"A"}, catalog.Allowance{"a"}, false, false},
	} {
		if got := c.a.Within(c.most); got != c.within {
			t.Errorf("%v within %v is %t", c.a, c.most, got)
		}
		if got := c.a.Equal(c.most); got != c.equal {
			t.Errorf("%v equal to %v is %t", c.a, c.most, got)
		}
	}
}

func TestAnAllowanceHasBounds(t *testing.T) {
	many := make([]string, catalog.MaxModelsOfPlan)
	for i := range many {
		many[i] = fmt.Sprint("m", i)
	}
	for says, names := range map[string][]string{
		"none": {}, "too many": append(slices.Clone(many), "one-more"), "twice": {"a", "b", "a"}, "a blank": {"a b"}, "empty": {""},
		"too long": {strings.Repeat("x", 201)}, "a control character": {"a\n"},
	} {
		if _, err := catalog.ParseAllowance("models", names); err == nil || fault.As(err).Fields["models"] == "" {
			t.Errorf("%s: %v", says, err)
		}
	}
	for _, names := range [][]string{nil, {"a"}, many} {
		if got, err := catalog.ParseAllowance("models", names); err != nil || !slices.Equal(got, names) || (got == nil) != (names == nil) {
			t.Errorf("%d names give %d (%v)", len(names), len(got), err)
		}
	}
}
