package views

import "time"

// Calls is how the gateway's calls of the last 24 hours went.
type Calls struct {
	// Requests are all, Refused those that reached no upstream, Failures those that an upstream failed.
	Requests, Refused, Failures int64
	// FirstToken is the median, FirstToken95 that of the slowest twentieth.
	FirstToken, FirstToken95 time.Duration
	Prompt, CacheRead        int64
	Chart                    Chart
	Models, Upstreams        []CallRow
	// Says is which calls the figures are made of.
	Says string
}

// CallRow is the calls of a model or of an upstream. Path is the page of their requests.
type CallRow struct {
	Name, Path               string
	Requests, Failures       int64
	FirstToken, FirstToken95 time.Duration
	Prompt, CacheRead        int64
	CostMicros               int64
}

// cacheShare is how much of what was read a cache had; a dash where nothing was.
func cacheShare(read, prompt int64) string {
	if prompt == 0 {
		return "–"
	}
	return Ratio(read, prompt)
}

// failureSays is how many of those calls that reached an upstream failed.
func (c *Calls) failureSays() string {
	sent := c.Requests - c.Refused
	if sent == 0 {
		return "no call reached an upstream"
	}
	return Ratio(c.Failures, sent) + " of " + Number(sent) + " that reached an upstream"
}

func failureTone(r CallRow) Tone {
	if r.Failures > 0 {
		return ToneBad
	}
	return ""
}
