package gateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestLongAnswersAreBoundedAndShareABudget(t *testing.T) {
	for what, c := range map[string]struct {
		body io.Reader
		most int64
		want error
		n    int
	}{
		"nothing":                       {bytes.NewReader(nil), 0, nil, 0},
		"a small answer needs no place": {bytes.NewReader(make([]byte, smallAnswer/2)), 0, nil, smallAnswer / 2},
		"a larger one needs one":        {bytes.NewReader(make([]byte, smallAnswer+1)), 0, errCrowded, 0},
		"the largest answer":            {io.LimitReader(endless{}, maxAnswer), 2 * maxAnswer, nil, maxAnswer},
		"an answer without an end":      {endless{}, 2 * maxAnswer, errTooLong, 0},
		"no room for it":                {endless{}, 1 << 20, errCrowded, 0},
	} {
		all := &budget{most: c.most}
		got, err := readAll(c.body, all)
		if !errors.Is(err, c.want) || len(got) != c.n {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
		if left := all.taken.Load(); left != 0 {
			t.Errorf("%s: %d bytes are still taken", what, left)
		}
	}
}
