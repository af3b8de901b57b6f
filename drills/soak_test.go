package drills

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"
)

// fromEnv reads a variable of make soak.
func fromEnv[T any](t *testing.T, name string, fallback T, parse func(string) (T, error)) T {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	value, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// long is from when on memory and the offered rate are judged: a few seconds are
// start-up and what else the machine does.
const long = 10 * time.Minute

// CODEXIBLE_SOAK is how long it takes on each database, such as 30m;
// CODEXIBLE_SOAK_PERCENT how much of the peak, measured just before, is offered.
func TestChaosSteadyLoadGrowsNothing(t *testing.T) {
	lasts := fromEnv(t, "CODEXIBLE_SOAK", 2*time.Second, time.ParseDuration)
	percent := fromEnv(t, "CODEXIBLE_SOAK_PERCENT", 60, strconv.Atoi)
	t.Run("sqlite", func(t *testing.T) {
		soak(t, storetest.SQLiteURL(t), 1, lasts, percent)
	})
	t.Run("postgres, two instances", func(t *testing.T) {
		soak(t, storetest.PostgresURL(t), 2, lasts, percent, "VALKEY_URL="+startValkey(t).url)
	})
}

func soak(t *testing.T, database string, count int, lasts time.Duration, percent int, env ...string) {
	t.Helper()
	storetest.Migrate(t, database)
	env = append(env, "DATABASE_URL="+database, "LOG_LEVEL=warn")
	var instances []*process
	var urls []string
	for range count {
		instances = append(instances, startProgram(t, env...))
		urls = append(urls, instances[len(instances)-1].url)
	}
	people := 2000
	if lasts < time.Minute {
		people = 200
	}
	l := newMixedLoad(t, database, people, urls)

	measuring := min(lasts/10, 10*time.Second)
	flatOut(&l.charging, measuring)
	if strings.HasPrefix(database, "postgres") {
		// As autovacuum does within a minute: the peak is to be that of plans made with statistics.
		storetest.Exec(t, database, "ANALYZE")
	}
	peak := flatOut(&l.others, measuring)
	offered := peak * float64(percent) / 100
	t.Logf("%d customers with %d keys; the peak of the mix is %.0f requests a second, offered are %.0f", people, len(l.secrets), peak, offered)
	// What fills to its bound and stays so is filled first. SQLite keeps 24 MiB of pages for the meter and 8 MiB for each of five other connections
	// (cache_size in store/sqlite.go): they are full once the file is of some 50 MiB, which the two peaks and this write.
	l.offer(offered, lasts/10)

	w := watch(t, l, urls, offered, lasts)
	w.judge(t, offered, lasts)
	for failure, n := range l.failures {
		t.Errorf("%d times %s", n, failure)
	}
	for i, p := range instances {
		p.stop(t)
		for line := range strings.Lines(p.printed()) {
			switch {
			case strings.Contains(line, `"level":"ERROR"`):
				t.Errorf("instance %d logged %s", i, line)
			case strings.Contains(line, `"level":"WARN"`):
				t.Logf("instance %d logged %s", i, line)
			}
		}
	}
	reconciles(t, database, l)
}

// reconciles recounts the ledger and compares it with what was acknowledged.
func reconciles(t *testing.T, database string, l *mixedLoad) {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	recount := exec.CommandContext(t.Context(), path, "usage", "reconcile", "--json")
	recount.Dir, recount.Env = t.TempDir(), []string{"DATABASE_URL=" + database}
	out, err := recount.Output()
	var r struct {
		TookMillis  int64             `json:"took_millis"`
		Charges     int64             `json:"charges"`
		Differences []json.RawMessage `json:"differences"`
	}
	if err != nil || json.Unmarshal(out, &r) != nil || len(r.Differences) > 0 {
		t.Fatalf("codexible usage reconcile: %v\n%s", err, out)
	}
	booked := storetest.Count(t, storetest.Raw(t, database), "SELECT CAST(SUM(credits) AS BIGINT) FROM daily_usage")
	if r.Charges != l.acknowledged.Load() || booked != l.credits.Load() {
		t.Errorf("the ledger has %d charges of %d credits, acknowledged were %d of %d", r.Charges, booked, l.acknowledged.Load(), l.credits.Load())
	}
	t.Logf("%d charges acknowledged and in the ledger, no difference in a recount of %s; %d repeats recognised", r.Charges, time.Duration(r.TookMillis)*time.Millisecond, l.repeated.Load())
}

// vitals are the figures that must not grow under a constant load.
type vitals struct{ residentBytes, goBytes, goroutines, files float64 }

var vitalSeries = regexp.MustCompile(`(?m)^(process_resident_memory_bytes|go_memstats_sys_bytes|go_memstats_heap_released_bytes|go_goroutines|process_open_fds) (\S+)$`)

func vitalsOf(t *testing.T, url string) (v vitals) {
	t.Helper()
	for _, series := range vitalSeries.FindAllStringSubmatch(get(t, url+"/metrics").body, -1) {
		value, err := strconv.ParseFloat(series[2], 64)
		if err != nil {
			t.Error(err)
		}
		switch series[1] {
		case "process_resident_memory_bytes":
			v.residentBytes = value
		case "go_memstats_sys_bytes":
			v.goBytes += value
		case "go_memstats_heap_released_bytes":
			v.goBytes -= value
		case "go_goroutines":
			v.goroutines = value
		case "process_open_fds":
			v.files = value
		}
	}
	if v.residentBytes == 0 || v.goroutines == 0 || v.files == 0 {
		t.Errorf("%s/metrics has no memory, goroutines or files: %+v", url, v)
	}
	return v
}

func median[T cmp.Ordered](values []T) T {
	values = slices.Clone(values)
	slices.Sort(values)
	return values[len(values)/2]
}

func medianOf(samples []vitals, of func(vitals) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return median(values)
}

// watched has a load's latencies, and the vitals of each instance over time.
type watched struct {
	whole   [kinds]counts
	took    time.Duration
	samples [][]vitals
}

// watch applies a load and observes the instances; it logs a line for each tenth of the time.
func watch(t *testing.T, l *mixedLoad, urls []string, offered float64, lasts time.Duration) (w watched) {
	t.Helper()
	w.samples = make([][]vitals, len(urls))
	var before [kinds]counts
	for of := range l.took {
		l.took[of].since(&before[of])
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.offer(offered, lasts)
	}()
	sampling := time.NewTicker(max(lasts/600, 20*time.Millisecond))
	defer sampling.Stop()
	began, running := time.Now(), true
	for tenth := 1; running; tenth++ {
		for running && (tenth == 10 || time.Since(began) < lasts*time.Duration(tenth)/10) {
			select {
			case <-ended:
				running, w.took = false, time.Since(began)
			case <-sampling.C:
			}
			for i, url := range urls {
				w.samples[i] = append(w.samples[i], vitalsOf(t, url))
			}
		}
		var recent counts
		for of := range l.took {
			lap := l.took[of].since(&before[of])
			recent.add(&lap)
			w.whole[of].add(&lap)
		}
		t.Logf("%7s %s%s", time.Since(began).Round(lasts/100), &recent, lastOf(w.samples))
	}
	return w
}

// lastOf returns each instance's last observation.
func lastOf(samples [][]vitals) (text string) {
	for i, s := range samples {
		if len(s) > 0 {
			v := s[len(s)-1]
			text += fmt.Sprintf(" | %d: %.1f MiB, Go's %.1f, %.0f goroutines, %.0f files", i, v.residentBytes/(1<<20), v.goBytes/(1<<20), v.goroutines, v.files)
		}
	}
	return text
}

// judge prints the result and fails if a figure grew.
func (w *watched) judge(t *testing.T, offered float64, lasts time.Duration) {
	t.Helper()
	var all counts
	for of := range w.whole {
		t.Logf("%-16s %s", kind(of), &w.whole[of])
		all.add(&w.whole[of])
	}
	t.Logf("%-16s %s", "together", &all)
	if kept := float64(all.count()) / (offered * w.took.Seconds()); lasts >= long && kept < 0.99 {
		t.Errorf("%.1f %% of the rate offered was kept up", 100*kept)
	}
	for i, s := range w.samples {
		for _, vital := range []struct {
			name        string
			of          func(vitals) float64
			unit, slack float64
			judged      bool
		}{
			{"MiB of memory", func(v vitals) float64 { return v.residentBytes }, 1 << 20, 0, lasts >= long},
			{"MiB of them Go's", func(v vitals) float64 { return v.goBytes }, 1 << 20, 0, false},
			{"goroutines", func(v vitals) float64 { return v.goroutines }, 1, 10, true},
			{"open files", func(v vitals) float64 { return v.files }, 1, 10, true},
		} {
			first, last := medianOf(s[:max(len(s)/3, 1)], vital.of)/vital.unit, medianOf(s[len(s)*2/3:], vital.of)/vital.unit
			t.Logf("instance %d: %.1f %s in the first third, %.1f in the last (medians)", i, first, vital.name, last)
			growth := 1.1
			if lasts < long { // too short for a trend: only a leak with each request shows
				vital.slack *= 20
			}
			if lasts >= long && vital.slack > 0 {
				growth = 1 // the load's connections stay the same: these are counted, not compared
			}
			if vital.judged && last > first*growth+vital.slack {
				t.Errorf("instance %d: %s grew from %.1f to %.1f", i, vital.name, first, last)
			}
		}
	}
}
