package usage

import (
	"testing"
	"time"
)

func TestTheWaitForAResetIsRoundedUpToMinutes(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		3*time.Hour + 12*time.Minute: "3 h 12 min", 3*time.Hour + 11*time.Minute + time.Second: "3 h 12 min", 24 * time.Hour: "24 h 0 min",
		59*time.Minute + time.Second: "1 h 0 min", time.Minute: "1 min", time.Second: "1 min", 0: "1 min",
	} {
		if got := hoursAndMinutes(wait); got != want {
			t.Errorf("%v is written as %s, want %s", wait, got, want)
		}
	}
}
