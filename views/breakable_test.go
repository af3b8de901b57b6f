package views

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestALongTextBreaksAfterPunctuationAndInEights(t *testing.T) {
	for text, want := range map[string]string{
		"ada@example.com":                      "ada@example.com",
		"demo@codexible.example.com":           "demo@codexible.|example.com",
		"codexible_3fa91c20…":                  "codexible_|3fa91c20…",
		"8fad5bd9-cb46-9fa1-6570-867728950e12": "8fad5bd9-|cb46-9fa1-|6570-867728950e12",
		"0123456789abcdef0123456789abcdef":     "01234567|89abcdef|0123456789abcdef",
		"/api/admin/users/:id":                 "/api/admin/|users/:id",
		"Production of the website":            "Production of the website",
		"":                                     "",
		`<script>@"'><script>`:                 `&lt;script&gt;@|&#34;&#39;&gt;&lt;script&gt;`,
	} {
		if got := strings.ReplaceAll(breaksEscaped(text), "<wbr>", "|"); got != want {
			t.Errorf("%s is written as %s, want %s", text, got, want)
		}
	}
}

func TestBreaksLoseNothingAndKeepLinesReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab1@._-/ é"))).Draw(t, "text")
		lines := breaks(text)
		if strings.Join(lines, "") != text {
			t.Fatalf("%q is cut into %q", text, lines)
		}
		for _, line := range lines {
			if len(lines) > 1 && len([]rune(line)) < minLine/2+1 {
				t.Fatalf("%q has the line %q", text, line)
			}
		}
	})
}
