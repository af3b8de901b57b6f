//go:build race

package handlers_test

// lostToTheRaceDetector is what it allocates itself: it empties pools at random.
const lostToTheRaceDetector = 5
