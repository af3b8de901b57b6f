package gateway

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may be nested in what a cursor reads.
const maxDepth = 512

// A cursor reads JSON in place, value by value. It takes exactly what RFC 8259 allows, so
// that no other parser finds in the same bytes what it did not, and allocates nothing but
// for short texts with escapes.
//
// An object is read as
//
//	for in := c.open('{'); in && c.next('}'); {
//		switch string(c.key()) { … each case reads one value … }
//	}
//
// and an array in the same way without the key. After an error bad is set, every loop ends,
// and nothing is read any more.
type cursor struct {
	data  []byte
	at    int
	depth int
	// first is whether the innermost object or array has no member yet.
	first bool
	bad   bool
}

// peek is the first byte of the next token; 0 at the end.
func (c *cursor) peek() byte {
	for ; c.at < len(c.data); c.at++ {
		switch b := c.data[c.at]; b {
		case ' ', '\n', '\t', '\r':
		default:
			return b
		}
	}
	return 0
}

// open goes into an object or array. Another value is passed over.
func (c *cursor) open(bracket byte) bool {
	if c.bad {
		return false
	}
	if c.peek() != bracket {
		c.skip()
		return false
	}
	c.at++
	c.depth++
	c.first = true
	c.bad = c.depth > maxDepth
	return !c.bad
}

// next goes to the next member of the object or array, or leaves it.
func (c *cursor) next(bracket byte) bool {
	if c.bad {
		return false
	}
	switch b := c.peek(); {
	case b == bracket:
		c.at++
		c.depth--
		c.first = false
		return false
	case c.first:
		c.first = false
	case b == ',':
		c.at++
	default:
		c.bad = true
	}
	return !c.bad
}

// key reads the name of a member.
func (c *cursor) key() []byte {
	raw := c.rawKey()
	return unescaped(raw)
}

func (c *cursor) rawKey() []byte {
	if c.peek() != '"' {
		c.bad = true
		return nil
	}
	raw, _ := c.text()
	if c.peek() != ':' {
		c.bad = true
		return nil
	}
	c.at++
	return raw
}

// text reads a text and gives what stands between its quotes, escapes as they are. Another
// value is passed over.
func (c *cursor) text() (raw []byte, ok bool) {
	if c.peek() != '"' {
		c.skip()
		return nil, false
	}
	c.at++
	start := c.at
	for !c.bad {
		c.at += plain(c.data[c.at:])
		switch {
		case c.at >= len(c.data):
			c.bad = true
		case c.data[c.at] == '"':
			c.at++
			return c.data[start : c.at-1], true
		case c.data[c.at] == '\\':
			c.escape()
		default:
			c.bad = true
		}
	}
	return nil, false
}

func (c *cursor) escape() {
	rest := c.data[c.at+1:]
	switch {
	case len(rest) > 0 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		c.at += 2
	case len(rest) > 4 && rest[0] == 'u' && hexRune(rest[1:5]) >= 0:
		c.at += 6
	default:
		c.bad = true
	}
}

// word reads a text that says what something is; nil for a long text and for other values.
func (c *cursor) word() []byte {
	raw, _ := c.text()
	return unescaped(raw)
}

// textLength reads a text and gives how many bytes it has without its escapes; 0 for other values.
func (c *cursor) textLength() int64 {
	raw, _ := c.text()
	return textLength(raw)
}

// number reads a whole number of at most MaxInt32, into which larger ones turn. Another value is passed over.
func (c *cursor) number() (n int64, ok bool) {
	c.peek()
	start := c.at
	c.skip()
	if c.bad {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(c.data[start:min(c.at, start+32)]), 64)
	if c.at-start > 32 || err != nil || f != math.Trunc(f) {
		return 0, false
	}
	return int64(max(min(f, math.MaxInt32), math.MinInt32)), true
}

// raw reads a value and gives its bytes.
func (c *cursor) raw() []byte {
	c.peek()
	start := c.at
	if c.skip(); c.bad {
		return nil
	}
	return c.data[start:c.at]
}

// empty reads a value and reports whether it says nothing.
func (c *cursor) empty() bool {
	switch string(c.raw()) {
	case "", "null", "false", `""`, "[]", "{}":
		return true
	default:
		return false
	}
}

// skip passes a value over.
func (c *cursor) skip() {
	switch b := c.peek(); {
	case c.bad:
	case b == '"':
		c.text()
	case b == '{':
		for in := c.open('{'); in && c.next('}'); {
			c.rawKey()
			c.skip()
		}
	case b == '[':
		for in := c.open('['); in && c.next(']'); {
			c.skip()
		}
	case b == 't':
		c.literal("true")
	case b == 'f':
		c.literal("false")
	case b == 'n':
		c.literal("null")
	default:
		c.digits()
	}
}

func (c *cursor) literal(word string) {
	if !bytes.HasPrefix(c.data[c.at:], []byte(word)) {
		c.bad = true
		return
	}
	c.at += len(word)
}

// digits passes a number over.
func (c *cursor) digits() {
	c.take("-")
	if !c.take("0") {
		c.many()
	}
	if c.take(".") {
		c.many()
	}
	if c.take("eE") {
		c.take("+-")
		c.many()
	}
}

func (c *cursor) take(one string) bool {
	ok := c.at < len(c.data) && strings.IndexByte(one, c.data[c.at]) >= 0
	if ok {
		c.at++
	}
	return ok
}

func (c *cursor) many() {
	start := c.at
	for c.at < len(c.data) && '0' <= c.data[c.at] && c.data[c.at] <= '9' {
		c.at++
	}
	c.bad = c.bad || c.at == start
}

// whole reports whether the data was one valid value that has been read.
func (c *cursor) whole() bool {
	c.peek()
	return !c.bad && c.at == len(c.data)
}

// plain is how many bytes of b come before a quote, a backslash or a control character.
func plain(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := w^(ones*'"'), w^(ones*'\\')
		// The lowest bit is of a byte that is one of the three; those above it may be wrong.
		if m := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-ones*0x20)&^w) & high; m != 0 {
			return n + bits.TrailingZeros64(m)/8
		}
	}
	for n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// maxWord bounds the texts that are read without their escapes.
const maxWord = 4 << 10

// unescaped is a raw text without its escapes; nil for one that is long and has some.
func unescaped(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	if len(raw) > maxWord {
		return nil
	}
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if raw[0] != '\\' {
			out, raw = append(out, raw[0]), raw[1:]
			continue
		}
		r, n := escapedRune(raw)
		out, raw = utf8.AppendRune(out, r), raw[n:]
	}
	return out
}

// escapedRune is the character of the escape at the beginning of a raw text, and the escape's
// length. Half a surrogate pair is U+FFFD.
func escapedRune(raw []byte) (r rune, n int) {
	switch raw[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(raw[1]), 2
	}
	r = hexRune(raw[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if pair := utf16.DecodeRune(r, hexRune(raw[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

// hexRune reads four hex digits; -1 where they are none.
func hexRune(b []byte) (r rune) {
	for _, d := range b[:4] {
		switch {
		case '0' <= d && d <= '9':
			r = r<<4 | rune(d-'0')
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			r = r<<4 | rune(d|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// textLength is how many bytes a raw text has without its escapes.
func textLength(raw []byte) (n int64) {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return n + int64(len(raw))
		}
		r, length := escapedRune(raw[i:])
		n += int64(i + utf8.RuneLen(r))
		raw = raw[i+length:]
	}
}
