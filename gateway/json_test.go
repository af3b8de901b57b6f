package gateway

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// checkCursor compares the cursor with encoding/json.
func checkCursor(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, data []byte) {
	t.Helper()
	c := cursor{data: data}
	c.skip()
	if got, want := c.whole(), json.Valid(data); got != want && (got || strings.Count(string(data), "[")+strings.Count(string(data), "{") <= maxDepth) {
		t.Fatalf("%q is valid: %v, want %v", data, got, want)
	}
	if c.at > len(data) {
		t.Fatalf("%q: read to %d", data, c.at)
	}
	var text string
	if json.Unmarshal(data, &text) != nil || !utf8.Valid(data) {
		return
	}
	word := cursor{data: data}
	if got := word.word(); string(got) != text && len(data) <= maxWord {
		t.Fatalf("%q is %q, want %q", data, got, text)
	}
	length := cursor{data: data}
	if got := length.textLength(); got != int64(len(text)) && text != "" {
		t.Fatalf("%q has %d bytes, want %d", data, got, len(text))
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{}}`, `[1,]`, `{"a":1,}`, `[,1]`, `{"a" 1}`, `"\x"`, `"\u12"`, "\"\x01\"", `01`, `1.`, `-`, `+1`,
		`1e`, `nul`, `"`, `"\`, `{`, `[`, ``, ` `, `1 2`, `"\ud83d"`, `"\ud83d\u0041"`, `{"a":1 "b":2}`, `[1 2]`, `{1:2}`, `NaN`, "\xef\xbb\xbf{}", `"12345678\"90"`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkCursor(t, data) })
}

func TestTheCursorReadsWhatIsValidJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"{", "}", "[", "]", ",", ":", `"a"`, `"é\n"`, `"\u00e9"`, `"\ud83d\ude00"`, "1", "-2.5e3", "0", "true", "null", " ", "\n", `"long text without anything"`, `"\\"`, "x", "\x00", `"`,
		}), 0, 12).Draw(t, "parts")
		checkCursor(t, []byte(strings.Join(parts, "")))
	})
}

func TestNestingIsBounded(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		c := cursor{data: []byte(strings.Repeat(open, 1<<20))}
		if c.skip(); !c.bad || c.at > 10*maxDepth {
			t.Errorf("%s is read to %d", open, c.at)
		}
	}
	c := cursor{data: []byte(strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth))}
	if c.skip(); !c.whole() {
		t.Errorf("%d levels are too deep", maxDepth)
	}
}

func TestNumbersAreReadWholeAndBounded(t *testing.T) {
	for text, want := range map[string]int64{"8": 8, "8.0": 8, "1e3": 1000, "-3": -3, "1e400": -1, "99999999999": 1<<31 - 1, "2.5": -1, `"8"`: -1, "true": -1, "[1]": -1} {
		c := cursor{data: []byte(text)}
		if got, ok := c.number(); ok && got != want || !ok && want != -1 {
			t.Errorf("%s is %d, %v", text, got, ok)
		}
	}
}
