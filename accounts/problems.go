package accounts

import (
	"strconv"

	"codexible/fault"
)

// problems gathers what is wrong with each field, so that a caller learns all of it at once.
type problems map[string]string

func (p problems) add(field, problem string) {
	if problem != "" {
		p[field] = problem
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return fault.InvalidFields(p)
}

func between(least, most int64) string {
	return strconv.FormatInt(least, 10) + " to " + strconv.FormatInt(most, 10)
}
