package server

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of the metrics whose labels are names that operators gave. A series lives as long
// as the process, also when what it is named after was renamed or deleted.
const (
	mostCounters   = 1000
	mostHistograms = 300
	// otherName stands for names beyond the bound, and unknownName for those that the catalog does not have.
	otherName, unknownName = "other", "unknown"
)

// maxLabels is how many labels a family of capped metrics can have.
const maxLabels = 4

// capped is a family of metrics with a bounded number of series: beyond it the names that
// operators gave, which are the first of its labels, are counted as one.
type capped[T any] struct {
	most, names int
	create      func(labels ...string) T

	mu     sync.Mutex
	series map[[maxLabels]string]T
}

// with is the series with these labels.
func (c *capped[T]) with(labels ...string) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.series[setOf(labels)]; ok {
		return found
	}
	if len(c.series) >= c.most {
		for i := range c.names {
			labels[i] = otherName
		}
		if found, ok := c.series[setOf(labels)]; ok {
			return found
		}
	}
	set := setOf(labels)
	for i := range labels {
		labels[i] = strings.ToValidUTF8(labels[i], "?") // Prometheus panics otherwise
	}
	created := c.create(labels...)
	c.series[set] = created
	return created
}

func setOf(labels []string) (set [maxLabels]string) {
	copy(set[:], labels)
	return set
}

// cappedCounter is a family of counters whose first label is a name.
func cappedCounter(registry *prometheus.Registry, name, help string, labels ...string) *capped[prometheus.Counter] {
	family := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	registry.MustRegister(family)
	return &capped[prometheus.Counter]{most: mostCounters, names: 1, create: family.WithLabelValues, series: map[[maxLabels]string]prometheus.Counter{}}
}

// cappedHistogram is a family of histograms, the first labels of which are names.
func cappedHistogram(registry *prometheus.Registry, names int, name, help string, buckets []float64, labels ...string) *capped[prometheus.Observer] {
	family := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	registry.MustRegister(family)
	return &capped[prometheus.Observer]{most: mostHistograms, names: names, create: family.WithLabelValues, series: map[[maxLabels]string]prometheus.Observer{}}
}

// counters are a family with one label whose values are known from the start: each exists from then on.
func counters(registry *prometheus.Registry, name, help, label string, values ...string) map[string]prometheus.Counter {
	family := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	registry.MustRegister(family)
	all := map[string]prometheus.Counter{}
	for _, value := range values {
		all[value] = family.WithLabelValues(value)
	}
	return all
}
