package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const sample = "codexible_0123456789abcdef0123456789abcdef"

type wrapped struct{ Key Secret }

func TestASecretMasksItselfWhereverItIsWritten(t *testing.T) {
	s, ok := Parse(sample)
	if !ok {
		t.Fatal("the sample is no secret")
	}
	// A struct keeps it in an unexported field, where fmt calls no method of its own.
	type request struct {
		Shown  Secret
		hidden Secret
		many   []Secret
		named  map[string]Secret
		held   *Secret
		any    any
	}
	r := request{s, s, []Secret{s}, map[string]Secret{"a": s}, &s, s}
	var written strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t", "%e", "%o", "%b", "%T", "%50v", "%-50.40s", "%w", "%p", "%z"} {
		for _, value := range []any{s, &s, []Secret{s}, map[string]Secret{"a": s}, [1]Secret{s}, r, &r, NewKey{Secret: s}, Rotation{Secret: s}} {
			fmt.Fprintf(&written, verb, value)
		}
	}
	fmt.Fprint(&written, s, r, errors.Join(fmt.Errorf("the key %v is %s", s, s)))
	for _, encode := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return json.MarshalIndent(v, "", " ") }, xml.Marshal} {
		for _, value := range []any{s, &s, wrapped{s}} {
			text, err := encode(value)
			if err != nil {
				t.Error(err)
			}
			written.Write(text)
		}
	}
	keyed, err := json.Marshal(map[string]any{"list": []Secret{s}, "key": map[Secret]int{s: 1}})
	if err != nil {
		t.Error(err)
	}
	written.Write(keyed)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&written, nil), slog.NewJSONHandler(&written, nil)} {
		slog.New(handler).Info("key", "secret", s, "request", r, "pointer", &s, "list", []Secret{s}, slog.Group("group", "secret", s))
	}
	text := written.String()
	rest := strings.TrimPrefix(sample, "codexible_01234567")
	for _, leak := range []string{rest, rest[:6], fmt.Sprintf("%x", sample)[60:], fmt.Sprintf("%X", sample)[60:], fmt.Sprint([]byte(sample))[60:100]} {
		if at := strings.Index(text, leak); at >= 0 {
			t.Errorf("the secret leaks: …%s…", text[max(0, at-60):at+10])
		}
	}
	if !strings.Contains(text, "codexible_01234567…") {
		t.Error("the prefix is not shown")
	}
}

func TestRevealAloneGivesTheSecret(t *testing.T) {
	s, _ := Parse(sample)
	if s.Reveal() != sample || s.Prefix() != "codexible_01234567" || s.String() != "codexible_01234567…" || s.Hash() != sha256.Sum256([]byte(sample)) {
		t.Errorf("%s, %s, %s, %x", s.Reveal(), s.Prefix(), s.String(), s.Hash())
	}
	var none Secret
	if none.Reveal() != "" || none.Prefix() != "" || none.String() != "…" {
		t.Errorf("no secret is %q", none.Reveal())
	}
}

func TestMintedSecretsAreWellFormedAndNeverTheSame(t *testing.T) {
	form := regexp.MustCompile(`^codexible_[0-9a-f]{32}$`)
	seen := map[Hash]bool{}
	for range 1000 {
		s := Mint()
		if !form.MatchString(s.Reveal()) {
			t.Fatalf("a secret of %d characters does not have the form", len(s.Reveal()))
		}
		if _, ok := Parse(s.Reveal()); !ok || seen[s.Hash()] {
			t.Fatal("a minted secret is refused, or came twice")
		}
		seen[s.Hash()] = true
	}
}

func TestOnlyWhatCanBeMintedIsParsed(t *testing.T) {
	for text, want := range map[string]bool{
		sample: true, " \t" + sample + "\r\n": true, strings.Replace(sample, "0", "f", 1): true,
		"": false, "codexible_": false, sample[:len(sample)-1]: false, sample + "0": false, strings.ToUpper(sample): false, "Codexible" + sample[9:]: false,
		"codexible-" + sample[10:]: false, sample[:41] + "g": false, sample[:41] + "F": false, sample[:20] + " " + sample[21:]: false, sample[:20] + "\x00" + sample[21:]: false,
		"Bearer " + sample: false, sample[:40] + "é": false, "codexible_demo_pro_2026": false, sample + " " + sample: false, "' OR 1=1 --": false,
	} {
		s, ok := Parse(text)
		if ok != want {
			t.Errorf("Parse(%q) is %v, want %v", text, ok, want)
		}
		if !ok && s.Reveal() != "" {
			t.Errorf("Parse(%q) refuses and keeps what may be somebody else's secret", text)
		}
		if ok && s.Reveal() != strings.TrimSpace(text) {
			t.Errorf("Parse(%q) = %q", text, s.Reveal())
		}
	}
}

func TestASecretOfAnyFormEncodes(t *testing.T) {
	for _, text := range []string{`a"b`, "\\", "\x00\xff", "codexible_demo_pro_2026", strings.Repeat("é", 20)} {
		if encoded, err := json.Marshal(Fixed(text)); err != nil || !json.Valid(encoded) {
			t.Errorf("%q encodes as %s: %v", text, encoded, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{sample, " " + sample, strings.ToUpper(sample), "codexible_", "", "\xff", sample + "\x00"} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`^\s*codexible_[0-9a-f]{32}\s*$`)
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := Parse(text)
		if utf8.ValidString(text) && !strings.ContainsAny(text, "\v\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") && strings.IndexFunc(text, func(r rune) bool { return r >= 0x2000 && r <= 0x200a }) < 0 {
			if want := form.MatchString(text); ok != want {
				t.Fatalf("Parse(%q) is %v, want %v", text, ok, want)
			}
		}
		if !ok {
			return
		}
		encoded, err := json.Marshal(s)
		if err != nil || bytes.Contains(encoded, []byte(s.Reveal()[20:])) {
			t.Fatalf("%s: %v", encoded, err)
		}
	})
}

func TestASecretInATextIsCutDownToItsPrefix(t *testing.T) {
	for text, want := range map[string]string{
		"codexible_0123456789abcdef0123456789abcdef":   "codexible_01234567",
		"Bearer codexible_0123456789abcdef, and more":  "Bearer codexible_01234567, and more",
		"CODEXIBLE_0123456789abcdefghijklmnopqrstuvwx": "CODEXIBLE_01234567",
		"codexible_01234567":                           "codexible_01234567",
		"codexible_01234567 codexible_89abcdef0":       "codexible_01234567 codexible_89abcdef",
		"codexible_demo_pro_2026":                      "codexible_demo_pro_2026",
		"ada@example.com":                              "ada@example.com",
	} {
		if got := Shorten(text); got != want {
			t.Errorf("%q is cut to %q, want %q", text, got, want)
		}
	}
}
