package mail

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestAMailThatNothingElseKeepsIsTriedUntilItIsAcceptedOrRefused(t *testing.T) {
	later, never := &SendError{Code: 451}, &SendError{Code: 550, Refused: true}
	for name, try := range map[string]struct {
		answers []error
		want    []string
		err     error
	}{
		"accepted":               {[]error{nil}, []string{Sent}, nil},
		"accepted after a while": {[]error{later, later, nil}, []string{Again, Again, Sent}, nil},
		"refused":                {[]error{later, never}, []string{Again, Refused}, never},
		"given up":               {[]error{later, later, later, nil}, []string{Again, Again, Refused}, later},
	} {
		t.Run(name, func(t *testing.T) {
			var results []string
			attempts := 0
			err := persist(context.Background(), func(context.Context, Message) (Accepted, error) {
				attempts++
				return Accepted{}, try.answers[attempts-1]
			}, Message{}, func(result string) { results = append(results, result) }, []time.Duration{0, 0})
			if !errors.Is(err, try.err) || !slices.Equal(results, try.want) {
				t.Errorf("%v, %v", results, err)
			}
		})
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := Persist(ctx, func(context.Context, Message) (Accepted, error) { return Accepted{}, later }, Message{}, func(string) {}); !errors.Is(err, later) {
		t.Errorf("after the service stopped: %v", err)
	}
}
