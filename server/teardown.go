package server

import (
	"context"
	"errors"
	"slices"
)

// teardown lists how the parts are taken down, and runs the last first.
type teardown []func() error

// add registers a function that takes a part down.
func (e *teardown) add(takeDown func() error) { *e = append(*e, takeDown) }

// background starts work that runs until run reaches it: run cancels the work's
// context and waits. The end of ctx does not end it.
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

// run takes everything down once and returns all errors.
func (e *teardown) run() error {
	var failed []error
	for _, takeDown := range slices.Backward(*e) {
		failed = append(failed, takeDown())
	}
	*e = nil
	return errors.Join(failed...)
}
