package views

import (
	"strings"

	"github.com/a-h/templ"
)

const (
	// minLine is how many characters a line of a broken text has at least.
	minLine = 6
	// maxRun is how long a run of letters and digits may be before it is broken, and runLine how.
	maxRun  = 16
	runLine = 8
)

// breaksEscaped is a text as HTML, with <wbr> where it may break.
func breaksEscaped(text string) string {
	lines := breaks(text)
	for i := range lines {
		lines[i] = templ.EscapeString(lines[i])
	}
	return strings.Join(lines, "<wbr>")
}

// breaks cuts a text into the parts that must not be broken.
func breaks(text string) (lines []string) {
	left := []rune(text)
	for {
		at := breakAt(left)
		if at == 0 {
			return append(lines, string(left))
		}
		lines, left = append(lines, string(left[:at])), left[at:]
	}
}

// breakAt is where the first line of a text may end; 0 where the text is one line.
func breakAt(text []rune) int {
	run := 0
	for i, r := range text {
		if strings.ContainsRune("@._-/:,+?&", r) {
			run = 0
			if i+1 >= minLine && len(text)-i-1 >= minLine/2+1 {
				return i + 1
			}
			continue
		}
		if run++; r == ' ' {
			run = 0
		}
		if run > maxRun {
			return max(i+1-run, 0) + runLine
		}
	}
	return 0
}
