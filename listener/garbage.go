package listener

import "runtime/debug"

// How much garbage may lie about before it is collected, in per cent of what is in use.
const (
	usually  = 100
	frugally = 40
)

// collectGarbage chooses how much that is. GOGC comes before it.
func collectGarbage(percent int) {
	if chosen := debug.SetGCPercent(percent); chosen != usually && chosen != frugally {
		debug.SetGCPercent(chosen)
	}
}
