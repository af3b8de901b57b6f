//go:build race

package handlers_test

// lostToTheRaceDetector are its own allocations: it empties pools at random.
const lostToTheRaceDetector = 5
