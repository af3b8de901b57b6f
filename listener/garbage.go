package listener

import "runtime/debug"

// GOGC in per cent: usually, and with many connections.
const (
	usually  = 100
	frugally = 40
)

// collectGarbage sets GOGC, unless the environment does.
func collectGarbage(percent int) {
	if chosen := debug.SetGCPercent(percent); chosen != usually && chosen != frugally {
		debug.SetGCPercent(chosen)
	}
}
