package console

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode"

	"codexible/accounts"

	"golang.org/x/text/unicode/norm"
)

func TestNoCellIsAFormulaOrSplitsItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "a-b": "a-b", "3.5": "3.5", "a, b": `"a, b"`, `say "hi"`: `"say ""hi"""`, "x\ny": "\"x\ny\"", " a": `" a"`, "x;y": `"x;y"`, "x|y": `"x|y"`, "x\ty": "\"x\ty\"",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "\"'\t'=1\"", "\r=1": "\"'\r'=1\"", "\tx": "\"'\tx\"", "\nx": "\"'\nx\"",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a", "﹦1": "'﹦1", "\u22121": "'\u22121", "⁼1": "'⁼1",
		" =1": "' =1", "\u00a0=1": "'\u00a0=1", "\u200b=1": "'\u200b=1", "\ufeff=1": "'\ufeff=1", "\u202e=1": "'\u202e=1", `"=1`: `"'""=1"`, "'=1": "''=1", "“=1": "'“=1", "＂=1": "'＂=1", "\x01=1": "'\x01=1",
		"x;=1+1": `"x;'=1+1"`, "x; =1+1;y": `"x;' =1+1;y"`, `x;"=1`: `"x;'""=1"`, "x\n=1": "\"x\n'=1\"", "x\t＝1": "\"x\t'＝1\"", "x|-1": `"x|'-1"`, ";=1": `"';'=1"`,
		"a\x00b": "a\ufffdb", "a\xffb": "a\ufffdb",
	} {
		if got := cell(text); got != want {
			t.Errorf("%+q is written as %+q, want %+q", text, got, want)
		}
	}
	var b bytes.Buffer
	s := NewSheet(&b)
	if err := s.End(s.Line([]string{"-a", "b"}, "0.5", "-3", "12")); err != nil || b.String() != "'-a,b,0.5,-3,12\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// begins reports whether a spreadsheet would calculate a cell with this text.
func begins(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || accounts.IsInvisible(r) })
	if text == "" {
		return false
	}
	return strings.HasPrefix(text, "\u2212") || strings.ContainsRune("=+-@", []rune(norm.NFKC.String(string([]rune(text)[:1])))[0])
}

func FuzzACellStaysOneCellAndText(f *testing.F) {
	for _, seed := range []string{"", "=1+1", "x;=1+1", "＝1", "a,\"b\"\r\n=1", "\t=1", "'=1", "\x00=\xff", "|-|", " \u200b@a"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		var b bytes.Buffer
		s := NewSheet(&b)
		if err := s.End(s.Line([]string{"2026-03-04", one, other, "end"}, "7")); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 5 || rows[0][3] != "end" || rows[0][4] != "7" {
			t.Fatalf("%+q and %+q are written as %+q: %v, %v", one, other, b.String(), rows, err)
		}
		for _, read := range rows[0] {
			if begins(read) {
				t.Errorf("%+q is a formula", read)
			}
		}
		// A spreadsheet that goes by another separator splits at it, for no quotes begin its cells.
		for _, separator := range separators {
			for piece := range strings.SplitSeq(b.String(), string(separator)) {
				if begins(piece) {
					t.Errorf("split at %q, %+q is a formula: %+q", separator, piece, b.String())
				}
			}
		}
	})
}
