package views

import "time"

// System is the page about the state of the service.
type System struct {
	Frame
	// Service, Database and Counting are facts, some with a tone.
	Service, Database, Counting []Fact
	Migrations                  []MigrationLine
	Settings                    []Fact
	Health                      []HealthSample
	// Since is when this process started.
	Since time.Time
	// Reconcile is the result of the last reconciliation.
	Reconcile Fact
	// Holds are the open holds, and what lately did not fit.
	Holds []Fact
	// Mail is whether mails are sent, and what became of them.
	Mail []Fact
	// CanDownload shows a button that downloads a backup; BackupHint says what it is, or how to make one.
	CanDownload bool
	BackupHint  string
	Now         time.Time
}

// Fact is a name and a value, with a tone where one is good or bad. Note follows
// the value, in words.
type Fact struct {
	Name, Value, Note string
	Tone              Tone
	Mono              bool
}

// MigrationLine is one step of the schema.
type MigrationLine struct {
	Version, Name string
	AppliedAt     *time.Time
}

// HealthSample is the status of the service at an instant: ok, degraded or unavailable.
type HealthSample struct {
	At     time.Time
	Status string
	// Details is the problem; empty without one.
	Details string
}

// healthBars groups the samples into at most 120 bars; each has the worst status of its samples.
func healthBars(samples []HealthSample) []HealthSample {
	const most = 120
	if len(samples) <= most {
		return samples
	}
	worse := map[string]int{"ok": 0, "degraded": 1, "unavailable": 2}
	bars := make([]HealthSample, most)
	for i, s := range samples {
		b := &bars[i*most/len(samples)]
		if b.Status == "" || worse[s.Status] > worse[b.Status] {
			*b = s
		}
	}
	return bars
}

func healthWidth(bars []HealthSample) float64 { return 100 / float64(max(len(bars), 1)) }

// troubles counts the samples that were not ok.
func troubles(samples []HealthSample) (n int64) {
	for _, s := range samples {
		if s.Status != "ok" {
			n++
		}
	}
	return n
}

// troubled keeps the samples that were not ok, the newest first, eight at the most.
func troubled(samples []HealthSample) (list []HealthSample) {
	for i := len(samples) - 1; i >= 0 && len(list) < 8; i-- {
		if samples[i].Status != "ok" {
			list = append(list, samples[i])
		}
	}
	return list
}

func healthSays(troubled int64) string {
	if troubled == 0 {
		return "All health checks passed."
	}
	return Count(troubled, "health check") + " found a problem."
}

func healthTone(status string) Tone {
	switch status {
	case "ok":
		return ToneGood
	case "degraded":
		return ToneWarn
	}
	return ToneBad
}
