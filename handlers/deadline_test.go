package handlers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestARequestEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadline{at: time.Now().Add(apiPolicy.deadline)}
		defer d.release()
		if err := d.Err(); err != nil {
			t.Fatalf("it ended before it began: %v", err)
		}
		child, cancel := context.WithCancel(d)
		defer cancel()
		if at, ok := child.Deadline(); !ok || !at.Equal(d.at) {
			t.Errorf("a context made from it ends at %v, want %v", at, d.at)
		}
		began := time.Now()
		<-child.Done()
		if took := time.Since(began); took != apiPolicy.deadline {
			t.Errorf("it ended after %v, want %v", took, apiPolicy.deadline)
		}
		if !errors.Is(d.Err(), context.DeadlineExceeded) || !errors.Is(child.Err(), context.DeadlineExceeded) {
			t.Errorf("it ended by %v, its child by %v", d.Err(), child.Err())
		}
	})
}

func TestADeadlineWithoutWaitersStillPasses(t *testing.T) {
	d := &deadline{at: time.Now().Add(-time.Nanosecond)}
	if !errors.Is(d.Err(), context.DeadlineExceeded) {
		t.Errorf("past its deadline Err is %v", d.Err())
	}
}

func TestARequestThatEndedReleasesItsWaiters(t *testing.T) {
	d := &deadline{at: time.Now().Add(time.Hour)}
	done := d.Done()
	d.release()
	<-done
	if !errors.Is(d.Err(), context.Canceled) {
		t.Errorf("after a request has ended Err is %v", d.Err())
	}
}

func TestARequestWhoseBodyWasSlowStillEndsWithTheService(t *testing.T) {
	life, end := context.WithCancel(context.Background())
	x := &exchange{api: &api{life: life}, route: &route{policy: apiPolicy}, deadline: &deadline{}, ctx: context.Background(), began: time.Now()}
	x.restart(time.Second)
	defer x.deadline.release()
	end()
	<-x.ctx.Done()
	if !errors.Is(x.ctx.Err(), context.Canceled) {
		t.Errorf("it ended by %v", x.ctx.Err())
	}
}
