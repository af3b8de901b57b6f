package limits

import "slices"

// bucketLife is the number of seconds for which a bucket counts: the 60 of the window and the one it spans itself.
const bucketLife = 61

// A bucket is the hits of one whole second. Seconds are counted from a start that the owner of the window chose.
type bucket struct{ second, count int32 }

// A window is the hits of one subject that may still count. Its zero value is a subject that never called.
// The script in package valkey does the same arithmetic.
type window struct {
	buckets []bucket // oldest first, at most one for each second, none empty
	used    int64    // the sum of their counts
}

// hit counts one call in the given second if it fits.
func (w *window) hit(second int32, limit int64) Decision {
	w.rewind(second)
	w.drop(second)
	allowed := w.used < limit
	if allowed {
		w.add(second)
	}
	d := decide(w.buckets, w.used, second, limit)
	d.Allowed = allowed
	return d
}

// peek decides like hit and changes nothing.
func (w *window) peek(second int32, limit int64) Decision {
	if n := len(w.buckets); n > 0 {
		second = max(second, w.buckets[n-1].second)
	}
	buckets, used := w.live(second)
	return decide(buckets, used, second, limit)
}

// rewind moves the buckets back with a clock that was set back, so that the newest one lies in the given second.
func (w *window) rewind(second int32) {
	n := len(w.buckets)
	if n == 0 || w.buckets[n-1].second <= second {
		return
	}
	back := w.buckets[n-1].second - second
	for i := range w.buckets {
		w.buckets[i].second -= back
	}
}

// live is the part of the window that still counts in the given second, and its sum.
func (w *window) live(second int32) ([]bucket, int64) {
	buckets, used := w.buckets, w.used
	for len(buckets) > 0 && second-buckets[0].second >= bucketLife {
		used -= int64(buckets[0].count)
		buckets = buckets[1:]
	}
	return buckets, used
}

// drop removes what no longer counts. The rest moves to the front, so that the array is used again instead of growing.
func (w *window) drop(second int32) {
	live, used := w.live(second)
	if len(live) < len(w.buckets) {
		w.buckets = append(w.buckets[:0], live...)
		w.used = used
	}
}

func (w *window) add(second int32) {
	w.used++
	if n := len(w.buckets); n > 0 && w.buckets[n-1].second == second {
		w.buckets[n-1].count++
		return
	}
	w.buckets = append(w.buckets, bucket{second: second, count: 1})
}

// giveBack takes one hit out of the given second, if it is there.
func (w *window) giveBack(second int32) {
	for i := len(w.buckets) - 1; i >= 0; i-- {
		b := &w.buckets[i]
		if b.second != second {
			continue
		}
		w.used--
		if b.count--; b.count == 0 {
			w.buckets = slices.Delete(w.buckets, i, i+1)
		}
		return
	}
}

// decide returns the state of a window that holds these buckets and nothing older.
func decide(buckets []bucket, used int64, second int32, limit int64) Decision {
	return Decision{
		Allowed:      used < limit,
		Limit:        limit,
		Remaining:    max(limit-used, 0),
		ResetSeconds: roomIn(buckets, used, second, limit),
	}
}

// longestReset is the window in seconds. A place that was taken within the current second returns up to a second later than
// that; no caller has to wait for longer than the window.
const longestReset = bucketLife - 1

// roomIn is how many seconds after the given one the first place is free, longestReset at most.
func roomIn(buckets []bucket, used int64, second int32, limit int64) int64 {
	if used < limit {
		return 0
	}
	for _, b := range buckets {
		used -= int64(b.count)
		if used < limit {
			return min(int64(b.second)+bucketLife-int64(second), longestReset)
		}
	}
	return longestReset // only a limit below 1 has no room in an empty window
}
