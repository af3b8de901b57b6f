//go:build !race

package handlers_test

const lostToTheRaceDetector = 0
