package server

import (
	"context"
	"errors"
	"slices"
)

// teardown takes down what was built, the last first.
type teardown []func() error

// add names what takes a part down.
func (e *teardown) add(takeDown func() error) { *e = append(*e, takeDown) }

// background starts work that goes on until its turn to end comes, which waits
// for it; the end of ctx does not end it.
func (e *teardown) background(ctx context.Context, work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	e.add(func() error {
		cancel()
		<-done
		return nil
	})
}

// run takes everything down once and gives all that went wrong.
func (e *teardown) run() error {
	var failed []error
	for _, takeDown := range slices.Backward(*e) {
		failed = append(failed, takeDown())
	}
	*e = nil
	return errors.Join(failed...)
}
