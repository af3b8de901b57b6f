package gateway

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfterIsSecondsOrADateWithinAnHour(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":                              0,
		"soon":                          0,
		"NaN":                           0,
		"7":                             7 * time.Second,
		"0":                             time.Second,
		"-5":                            time.Second,
		"1.2":                           2 * time.Second,
		"3600":                          time.Hour,
		"3601":                          time.Hour,
		"1e300":                         time.Hour,
		"Inf":                           time.Hour,
		"Mon, 04 May 2026 12:00:30 GMT": 30 * time.Second,
		"Mon, 04 May 2026 11:00:00 GMT": time.Second,
		"Mon, 04 May 2099 12:00:00 GMT": time.Hour,
		"00000000000000000000000000000000000000000000000000000000000000000000000007": 0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {text}}, fleetNoon); got != want {
			t.Errorf("%q: %s, not %s", text, got, want)
		}
	}
	if got := RetryAfter(http.Header{}, fleetNoon); got != 0 {
		t.Errorf("no header: %s", got)
	}
}
