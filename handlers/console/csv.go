package console

import (
	"bufio"
	"io"
	"strings"
	"unicode"

	"codexible/accounts"

	"golang.org/x/text/unicode/norm"
)

// Sheet writes CSV for spreadsheets. Names, labels and models are untrusted: none
// of them becomes a formula or splits its cell, whichever separator the
// spreadsheet uses.
type Sheet struct{ out *bufio.Writer }

// NewSheet writes to out through a buffer, which End flushes.
func NewSheet(out io.Writer) Sheet { return Sheet{bufio.NewWriterSize(out, 32<<10)} }

// Line writes texts, then trusted numbers, which stay numbers.
func (s Sheet) Line(texts []string, numbers ...string) error {
	between := ""
	for _, text := range texts {
		_, _ = s.out.WriteString(between + cell(text)) // the writer keeps the error until Flush
		between = ","
	}
	for _, number := range numbers {
		_, _ = s.out.WriteString(between + number)
		between = ","
	}
	return s.out.WriteByte('\n')
}

// End flushes what was written; it returns err if there is one.
func (s Sheet) End(err error) error {
	if err != nil {
		return err
	}
	return s.out.Flush()
}

// separators may end a cell in a spreadsheet, like the comma. Quotes protect them
// only at the beginning of a cell, which depends on the separator.
const separators = ";|\t\r\n"

// cell is a text as a cell: valid UTF-8, defused, quoted where necessary.
func cell(text string) string {
	text = defused(strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd"))
	if strings.ContainsAny(text, `,"`+separators) || text != strings.TrimSpace(text) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// defused puts an apostrophe before every part of a text that a spreadsheet could
// read as a formula: at the beginning and after each separator.
func defused(text string) string {
	var b strings.Builder
	for first := true; ; first = false {
		end := strings.IndexAny(text, separators)
		part := text
		if end >= 0 {
			part = text[:end]
		}
		// Some spreadsheets drop a separator at the beginning of a cell.
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

// isFormula is true if the first significant character of a text begins a
// formula, in full width too.
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

// isPassedOver is true for a character that a spreadsheet or another program may
// strip from the beginning of a cell.
func isPassedOver(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || accounts.IsInvisible(r) || unicode.Is(unicode.Quotation_Mark, r) || r == '`'
}
