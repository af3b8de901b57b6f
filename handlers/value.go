package handlers

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// The formats of texts beyond plain ones.
const (
	// formatSecret is a key in clear: taken as it comes, for it is only ever hashed.
	formatSecret = "password"
	// formatPrintable keeps blanks as they are, and allows no character that cannot be seen.
	formatPrintable = "printable"
	// formatEmail is an e-mail, by the rule of package accounts.
	formatEmail = "email"
)

// parse stores what a text says into dst; false where it says nothing that the
// field can be.
func (f *field) parse(dst reflect.Value, text string) bool {
	switch f.kind {
	case wholeKind:
		n, ok := parseWhole(text)
		if ok {
			dst.SetInt(n)
		}
		return ok && n >= f.least && n <= f.most
	case boolKind:
		dst.SetBool(text == "true")
		return text == "true" || text == "false"
	case uuidKind:
		id, err := uuid.Parse(text)
		dst.Set(reflect.ValueOf(id))
		return err == nil && len(text) == uuidLength
	case timeKind:
		at, ok := usage.ParseTime(text)
		dst.Set(reflect.ValueOf(at))
		return ok
	case dayKind:
		day, ok := usage.ParseDay(text)
		dst.SetString(string(day))
		return ok
	case moneyKind:
		micros, ok := usage.ParseUSD(text)
		dst.SetInt(micros)
		return ok
	case objectKind:
		dst.SetBytes([]byte(text))
		return accounts.CheckFeatures([]byte(text)) == ""
	case addressKind:
		at, ok := keys.ParseAddress(strings.TrimSpace(text))
		*dst.Addr().Interface().(*netip.Addr) = at
		return ok
	case textsKind:
		return false // a list is no text
	case textKind:
	}
	return f.parseText(dst, text)
}

func (f *field) parseText(dst reflect.Value, text string) bool {
	switch f.format {
	case formatSecret:
		dst.SetString(text)
		return true
	case formatPrintable:
		dst.SetString(text)
		n := utf8.RuneCountInString(text)
		return utf8.ValidString(text) && !strings.ContainsFunc(text, isUnseen) && int64(n) >= f.least && int64(n) <= f.most
	}
	if f.format == formatEmail {
		text = accounts.CleanEmail(text)
		dst.SetString(text)
		return accounts.CheckEmail(text) == ""
	}
	text = accounts.Clean(text)
	dst.SetString(text)
	if f.enum != nil {
		return slices.Contains(f.enum, text)
	}
	return accounts.CheckText(text, int(f.least), int(f.most)) == ""
}

// filter reads what a list is narrowed by, as the API reads it; false where no
// row can hold it.
func filter(text string, most int) (cleaned string, ok bool) {
	text = accounts.Clean(text)
	return text, accounts.CheckText(text, 0, most) == ""
}

// noFilter says what is wrong with a filter.
var noFilter = fmt.Sprintf("The search text must be plain text of at most %d characters, without control characters.", accounts.MaxSearchLength)

func isUnseen(r rune) bool { return !unicode.IsPrint(r) }

// exactDigits is how many digits a double holds exactly.
const exactDigits = 15

// parseWhole reads a JSON number without a fraction, however it is written:
// 3, 3.0 and 3e0 are the same number.
func parseWhole(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, text[0] != '+' && (len(text) == 1 || text[0] != '0') && !strings.HasPrefix(text, "-0")
	}
	if len(text) > exactDigits || !gjson.Valid(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	n := int64(f)
	return n, err == nil && f >= -1e15 && f <= 1e15 && float64(n) == f
}

// expectation says what the field has to be.
func (f *field) expectation() string {
	switch f.kind {
	case wholeKind:
		return fmt.Sprintf("must be a whole number, %d to %d", f.least, f.most)
	case boolKind:
		return "must be true or false"
	case uuidKind:
		return "must be an id: a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91"
	case timeKind:
		return "must be a time in RFC 3339, " + usage.Bounds + ", such as 2026-03-04T12:00:00Z"
	case dayKind:
		return "must be a date " + usage.Bounds + ", such as 2026-03-04"
	case moneyKind:
		return fmt.Sprintf("must be a number of dollars, 0 to %d", usage.MaxCostUSD)
	case objectKind:
		return accounts.FeaturesRule
	case addressKind:
		return "must be an IP address, such as 203.0.113.7 or 2001:db8::1"
	case textsKind:
		if f.enum != nil {
			return "must be an array of " + orList(f.enum) + ", each once"
		}
		return fmt.Sprintf("must be an array of at most %d different strings of 1 to %d characters", f.items, f.most)
	case textKind:
	}
	switch {
	case f.enum != nil:
		return "must be " + orList(f.enum)
	case f.format == formatSecret:
		return "must be a string"
	case f.format == formatEmail:
		return accounts.EmailRule
	case f.format == formatPrintable:
		return fmt.Sprintf("must be a string of %d to %d printable characters", f.least, f.most)
	}
	return fmt.Sprintf("must be plain text of %d to %d characters, without control characters", f.least, f.most)
}

// orList is "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
