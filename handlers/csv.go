package handlers

import (
	"bufio"
	"io"
	"strings"
	"unicode"

	"codexible/accounts"

	"golang.org/x/text/unicode/norm"
)

// sheet writes CSV for spreadsheets. Names, labels and models are written by
// strangers: none of them becomes a formula, or splits its cell, whichever
// separator the spreadsheet goes by.
type sheet struct{ out *bufio.Writer }

func newSheet(out io.Writer) sheet { return sheet{bufio.NewWriterSize(out, 32<<10)} }

// line writes texts, and after them numbers of ours, which stay numbers.
func (s sheet) line(texts []string, numbers ...string) error {
	between := ""
	for _, text := range texts {
		_, _ = s.out.WriteString(between + cell(text)) // an error stays with the writer until the last call
		between = ","
	}
	for _, number := range numbers {
		_, _ = s.out.WriteString(between + number)
		between = ","
	}
	return s.out.WriteByte('\n')
}

func (s sheet) end(err error) error {
	if err != nil {
		return err
	}
	return s.out.Flush()
}

// separators are what a spreadsheet may end a cell at, beside the comma: within
// quotes alone where the quotes begin a cell, which depends on the separator.
const separators = ";|\t\r\n"

// cell is a text as a cell: plain characters, defused, in quotes where it needs them.
func cell(text string) string {
	text = defused(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd"))
	if strings.ContainsAny(text, `,"`+separators) || text != strings.TrimSpace(text) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// defused puts an apostrophe before every part of a text that a spreadsheet
// would take for a formula: at its beginning and after each separator.
func defused(text string) string {
	var b strings.Builder
	for first := true; ; first = false {
		end := strings.IndexAny(text, separators)
		part := text
		if end >= 0 {
			part = text[:end]
		}
		// Some spreadsheets drop a separator that begins a cell, and look at what follows.
		if isFormula(part) || first && end == 0 {
			b.WriteByte('\'')
		}
		b.WriteString(part)
		if end < 0 {
			return b.String()
		}
		b.WriteByte(text[end])
		text = text[end+1:]
	}
}

// isFormula tells whether the first character of a text that counts begins a
// formula, in any of its widths.
func isFormula(text string) bool {
	text = strings.TrimLeftFunc(text, isPassedOver)
	for _, r := range text {
		return strings.ContainsRune("=+-@\u2212", firstRune(norm.NFKC.String(string(r))))
	}
	return false
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// isPassedOver tells of a character that a spreadsheet, or what text went through
// before, may take away from the beginning of a cell.
func isPassedOver(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || accounts.IsInvisible(r) || unicode.Is(unicode.Quotation_Mark, r) || r == '`'
}
