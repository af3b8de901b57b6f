package handlers

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

const mediaCSV = "text/csv"

// wantsCSV reports whether the client prefers CSV to JSON: by the qualities of its Accept
// header, and where they are equal by which of the two it names more exactly.
func (x *exchange) wantsCSV() bool {
	var ranges []string
	for _, value := range x.HeaderValues(fiber.HeaderAccept) {
		ranges = append(ranges, strings.Split(string(value), ",")...)
	}
	csv, csvMatch := quality(ranges, mediaCSV)
	json, jsonMatch := quality(ranges, fiber.MIMEApplicationJSON)
	return csv > json || csv == json && csv > 0 && csvMatch > jsonMatch
}

// How exactly a range of an Accept header names a media type.
const (
	matchesNothing = iota
	matchesAll
	matchesType
	matchesExactly
)

// quality is the quality of a media type by the range that names it most exactly; 0 where none does.
func quality(ranges []string, media string) (q float64, match int) {
	for _, text := range ranges {
		name, parameters, _ := strings.Cut(text, ";")
		if m := matching(strings.ToLower(strings.TrimSpace(name)), media); m > match {
			match, q = m, qualityOf(parameters)
		}
	}
	return q, match
}

func matching(name, media string) int {
	kind, _, _ := strings.Cut(media, "/")
	switch name {
	case media:
		return matchesExactly
	case kind + "/*":
		return matchesType
	case "*/*":
		return matchesAll
	}
	return matchesNothing
}

// qualityOf reads q of a range's parameters: 1 where there is none, 0 where it is no number from 0 to 1.
func qualityOf(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
