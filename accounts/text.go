package accounts

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of texts that are searched for or given as JSON.
const (
	// MaxSearchLength bounds what a list is searched for, in characters.
	MaxSearchLength = 200
	// MaxFeaturesBytes bounds the features of a plan, MaxFeaturesDepth how deep they nest.
	MaxFeaturesBytes = 16 << 10
	MaxFeaturesDepth = 32
)

// Clean gives a text as it is kept, compared and shown: composed (NFC), without
// marks that cannot be seen, and without blanks at its ends. Emoji lose the
// joiners and variation selectors between their parts. A text that is no UTF-8
// stays as it is, for CheckText to refuse.
func Clean(text string) string {
	if isPlain(text) {
		return strings.TrimSpace(text)
	}
	if !utf8.ValidString(text) {
		return text
	}
	return strings.TrimSpace(norm.NFC.String(strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, text)))
}

// isPlain reports whether a text is printable ASCII: most are, and need no Unicode
// tables.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// IsInvisible reports whether a character shows nothing by itself: zero-width and
// bidirectional marks, soft hyphens, joiners, variation selectors, tags and
// fillers. Blanks are no such characters.
func IsInvisible(r rune) bool { return isInvisible(r) }

// brailleBlank is a pattern without dots.
const brailleBlank = '\u2800'

func isInvisible(r rune) bool {
	if r < 0x80 {
		return false
	}
	return r == brailleBlank ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) ||
		unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// CheckText says what is wrong with a text that was cleaned, in characters; an
// empty answer means nothing is.
func CheckText(s string, least, most int) string {
	switch n := utf8.RuneCountInString(s); {
	case !IsText(s):
		return "must be plain text without control characters"
	case n < least || n > most:
		return "must have " + between(int64(least), int64(most)) + " characters"
	}
	return ""
}

// IsText reports whether a text is one that both databases hold and a line can
// show: UTF-8 without control characters, line separators and noncharacters.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, isControl) }

// Control characters and separators would break a line of the log, NUL is refused
// by Postgres, and noncharacters are for no text that leaves a program.
func isControl(r rune) bool {
	return r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' ||
		r&0xfffe == 0xfffe || (r >= 0xfdd0 && r <= 0xfdef)
}

// FoldEmail gives the form in which e-mails are compared: without case, and
// however their characters are composed (NFKC).
func FoldEmail(email string) string { return norm.NFKC.String(Fold(norm.NFKC.String(email))) }

// EmailForms are the forms in which a user with this e-mail may be kept. The
// first is FoldEmail; the others are those of users who were made while e-mails
// were kept as they were typed.
func EmailForms(email string) []string {
	forms := []string{FoldEmail(email)}
	for _, form := range []string{Fold(email), Fold(norm.NFC.String(email)), Fold(norm.NFD.String(email)), Fold(norm.NFKD.String(email))} {
		known := false
		for _, f := range forms {
			known = known || f == form
		}
		if !known {
			forms = append(forms, form)
		}
	}
	return forms
}

// CleanEmail gives an e-mail as it is kept: NFKC, without blanks at its ends. Marks
// that cannot be seen stay, for CheckEmail to refuse.
func CleanEmail(email string) string {
	if !utf8.ValidString(email) {
		return email
	}
	return strings.TrimSpace(norm.NFKC.String(strings.TrimSpace(email)))
}

// Two e-mails that are displayed alike have to be equal: no exotic blanks, nothing of no width.
// U+FFFD stands for characters that were lost.
func isHidden(r rune) bool { return !unicode.IsPrint(r) || isInvisible(r) || r == utf8.RuneError }

// EmailRule says what an e-mail has to be, FeaturesRule what features.
const (
	EmailRule    = "must be an e-mail address such as ada@example.com, with visible characters only"
	FeaturesRule = "must be a JSON object in UTF-8 of at most 16384 bytes, nested at most 32 deep, without NUL and unpaired surrogates"
)

// CheckEmail says what is wrong with an e-mail that was cleaned; an empty answer
// means nothing is.
func CheckEmail(s string) string {
	local, domain, found := strings.Cut(s, "@")
	switch {
	case CheckText(s, MinEmailLength, MaxEmailLength) != "", !found, local == "", domain == "",
		strings.ContainsAny(domain, "@"), strings.ContainsAny(s, " <>()[],;:\\\""), strings.ContainsFunc(s, isHidden):
		return EmailRule
	}
	return ""
}

// CheckFeatures says what is wrong with the features of a plan; an empty answer
// means nothing is. Nil stands for none given.
func CheckFeatures(text json.RawMessage) string {
	if text == nil {
		return ""
	}
	s := string(text)
	if len(s) > MaxFeaturesBytes || !utf8.ValidString(s) || nested(s) > MaxFeaturesDepth || BrokenEscape(s) ||
		!json.Valid(text) || !strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{") {
		return FeaturesRule
	}
	return ""
}

// Bounds of what is known of a person beside name and e-mail.
const (
	MaxExternalIDLength = 200
	MaxMetadataBytes    = 4 << 10
	MaxMetadataDepth    = 8
	MaxNoteLength       = 2000
)

// MetadataRule says what metadata has to be, ExternalIDRule what an external id.
const (
	MetadataRule   = "must be a JSON object in UTF-8 of at most 4096 bytes, nested at most 8 deep, without NUL and unpaired surrogates"
	ExternalIDRule = "must have at most 200 printable characters, without blanks at its ends"
)

// CheckMetadata says what is wrong with the metadata of a user or key; an empty
// answer means nothing is. Nil stands for none given.
func CheckMetadata(text json.RawMessage) string {
	if len(text) > MaxMetadataBytes || CheckFeatures(text) != "" || nested(string(text)) > MaxMetadataDepth {
		return MetadataRule
	}
	return ""
}

// CheckExternalID says what is wrong with an external id, which is kept as it is
// given; an empty answer means nothing is. Empty stands for none.
func CheckExternalID(s string) string {
	if utf8.RuneCountInString(s) > MaxExternalIDLength || CheckText(s, 0, MaxExternalIDLength) != "" || strings.ContainsFunc(s, isUnseen) || strings.TrimSpace(s) != s {
		return ExternalIDRule
	}
	return ""
}

func isUnseen(r rune) bool { return r != ' ' && isHidden(r) }

// CleanNote gives a note as it is kept: each line as Clean gives it, with one line
// feed between two.
func CleanNote(text string) string {
	if len(text) > maxNoteBytes {
		return text // for CheckNote to refuse
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = Clean(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// maxNoteBytes is more than a note of the greatest length has.
const maxNoteBytes = 16 * MaxNoteLength

// CheckNote says what is wrong with a note that was cleaned: it may have line feeds,
// and no other control characters.
func CheckNote(text string) string {
	return CheckText(strings.ReplaceAll(text, "\n", " "), 0, MaxNoteLength)
}

// nested is how deep objects and arrays nest, outside of strings.
func nested(text string) (deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	return deepest
}

// BrokenEscape reports whether JSON has an escape that stands for no text: NUL, or
// one half of a surrogate pair without the other, of which every reader makes
// something else.
func BrokenEscape(text string) bool {
	high := false // the escape before this one was a first half
	for i := 0; i < len(text); i++ {
		unit, is := escapedUnit(text[i:])
		switch {
		case is && unit == 0:
			return true
		case is && unit >= 0xdc00 && unit <= 0xdfff:
			if !high {
				return true
			}
			high = false
		case high:
			return true
		case is && unit >= 0xd800 && unit <= 0xdbff:
			high = true
		}
		switch {
		case is:
			i += 5
		case text[i] == '\\':
			i++
		}
	}
	return high
}

// escapedUnit reads \uXXXX at the beginning of a text.
func escapedUnit(text string) (unit rune, is bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(text[2:6]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
