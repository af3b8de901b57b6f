package gateway

import "time"

// Observer is notified of what happens to calls, for the metrics. Its methods return at once.
type Observer interface {
	// CallEnded is called once for each call, refused ones included; the record is not kept.
	CallEnded(r *Record, t Timing)
	// KeptAlive is called for each keep-alive that was sent.
	KeptAlive(e Endpoint)
	// Grown is called when a hold was to grow, and whether it could.
	Grown(fitted bool)
	// SettledLate is called when a settlement had to be repeated, once it is in the books or given up.
	SettledLate(settled bool)
}

// Timing is how long the gateway itself took for a call, apart from the client and the upstream.
type Timing struct {
	// Before is the time from when the whole request was there to the first attempt; zero
	// where none was made. Settling is that of the settlement.
	Before, Settling time.Duration
}

type unobserved struct{}

func (unobserved) CallEnded(*Record, Timing) {}
func (unobserved) KeptAlive(Endpoint)        {}
func (unobserved) Grown(bool)                {}
func (unobserved) SettledLate(bool)          {}
