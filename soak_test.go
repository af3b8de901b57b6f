package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store/storetest"
)

// vitals are what must not grow while the load stays the same.
type vitals struct{ memoryBytes, goroutines, files float64 }

var vitalSeries = regexp.MustCompile(`(?m)^(process_resident_memory_bytes|go_goroutines|process_open_fds) (\S+)$`)

func vitalsOf(t *testing.T, url string) (v vitals) {
	t.Helper()
	for _, series := range vitalSeries.FindAllStringSubmatch(get(t, url+"/metrics").body, -1) {
		value, err := strconv.ParseFloat(series[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		switch series[1] {
		case "process_resident_memory_bytes":
			v.memoryBytes = value
		case "go_goroutines":
			v.goroutines = value
		case "process_open_fds":
			v.files = value
		}
	}
	return v
}

// mean is the mean of some vitals over a part of the time, from 0 to 1.
func mean(samples []vitals, from, to float64, of func(vitals) float64) (sum float64) {
	part := samples[int(from*float64(len(samples))):int(to*float64(len(samples)))]
	for _, s := range part {
		sum += of(s)
	}
	return sum / float64(len(part))
}

// fromEnv reads what make soak gives.
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

// CODEXIBLE_SOAK is how long it takes for each database, such as 30m;
// CODEXIBLE_SOAK_RATE how many charges a second there are together.
func TestChaosSteadyLoadGrowsNothing(t *testing.T) {
	lasts := fromEnv(t, "CODEXIBLE_SOAK", 3*time.Second, time.ParseDuration)
	rate := fromEnv(t, "CODEXIBLE_SOAK_RATE", 400, strconv.Atoi)
	for name, instances := range map[string]int{"sqlite": 1, "postgres": 2} {
		t.Run(name, func(t *testing.T) {
			database := storetest.SQLiteURL(t)
			if name == "postgres" {
				database = storetest.PostgresURL(t)
			}
			c := newCustomer(t, database, accounts.MaxDailyCredits, 8)
			var urls []string
			for range instances {
				urls = append(urls, startProgram(t, "DATABASE_URL="+database, "LOG_LEVEL=warn").url)
			}
			soak(t, urls, c, lasts, rate)
		})
	}
}

func soak(t *testing.T, urls []string, c customer, lasts time.Duration, rate int) {
	t.Helper()
	const callers = 16
	stop := make(chan struct{})
	var calling sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	var took []time.Duration
	for caller := range callers {
		calling.Go(func() {
			tick := time.NewTicker(time.Second * callers / time.Duration(rate))
			defer tick.Stop()
			for i := caller; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				// Half of them can be repeated, half cannot.
				idempotencyKey := ""
				if i%2 == 0 {
					idempotencyKey = fmt.Sprintf("%d-%d", caller, i)
				}
				began := time.Now()
				a := chargeOver(urls[i%len(urls)], c.secrets[i%len(c.secrets)], idempotencyKey)
				mu.Lock()
				statuses[a.status]++
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	samples := make([][]vitals, len(urls))
	sampling := time.NewTicker(max(lasts/120, 25*time.Millisecond))
	defer sampling.Stop()
	for end := time.After(lasts); ; {
		select {
		case <-sampling.C:
			for i, url := range urls {
				samples[i] = append(samples[i], vitalsOf(t, url))
			}
			continue
		case <-end:
		}
		break
	}
	close(stop)
	calling.Wait()
	if len(statuses) != 1 || statuses[http.StatusOK] == 0 {
		t.Errorf("the answers were %v", statuses)
	}
	slices.SortFunc(took, cmp.Compare[time.Duration])
	t.Logf("%s of %d charges a second: p50 %s, p99 %s, slowest %s", lasts, len(took)*int(time.Second)/int(lasts),
		took[len(took)/2].Round(10*time.Microsecond), took[len(took)*99/100].Round(10*time.Microsecond), took[len(took)-1].Round(10*time.Microsecond))
	for i, s := range samples {
		flat(t, i, s, lasts)
	}
}

// warm is from when on an instance has filled its caches.
const warm = 10 * time.Minute

func flat(t *testing.T, instance int, s []vitals, lasts time.Duration) {
	t.Helper()
	third := 1.0 / 3
	for _, vital := range []struct {
		name  string
		of    func(vitals) float64
		unit  float64
		slack float64
	}{
		{"goroutines", func(v vitals) float64 { return v.goroutines }, 1, 10},
		{"open files", func(v vitals) float64 { return v.files }, 1, 10},
		{"MiB of memory", func(v vitals) float64 { return v.memoryBytes }, 1 << 20, 0},
	} {
		first, last := mean(s, 0, third, vital.of)/vital.unit, mean(s, 1-third, 1, vital.of)/vital.unit
		t.Logf("instance %d: %.1f %s in the first third, %.1f in the last", instance, first, vital.name, last)
		if most := first*1.1 + vital.slack; last > most && (vital.slack > 0 || lasts >= warm) {
			t.Errorf("instance %d: %s grew from %.1f to %.1f", instance, vital.name, first, last)
		}
	}
}
