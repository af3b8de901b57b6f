package catalog

import (
	"slices"
	"strings"
)

// Within reports whether a is no wider than the other: each of its names is one of the
// other's, compared literally. All models are within all models alone.
func (a Allowance) Within(most Allowance) bool {
	if most == nil || a == nil {
		return most == nil
	}
	for _, name := range a {
		if !slices.Contains(most, name) {
			return false
		}
	}
	return true
}

// Equal reports whether both name the same models, in any order.
func (a Allowance) Equal(other Allowance) bool { return a.Within(other) && other.Within(a) }

// String is the names with blanks between them; empty for all models.
func (a Allowance) String() string { return strings.Join(a, " ") }
