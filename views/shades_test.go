package views

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the examples of shades that the dashboard is tested with")

func TestShadesOfEveryAccentAreReadable(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, c rgb) {
		s := ShadesOf(c.String())
		if s.Accent != c.String() || contrast(parseColour(s.OnAccent), c) < textContrast {
			t.Errorf("%s has the text %s", c, s.OnAccent)
		}
		for _, theme := range []struct {
			ThemeShades
			grounds []rgb
		}{{s.Light, lightGrounds}, {s.Dark, darkGrounds}} {
			for _, g := range append([]rgb{parseColour(theme.Wash)}, theme.grounds...) {
				if got := contrast(parseColour(theme.Ink), g); got < textContrast {
					t.Errorf("the text %s of %s has a contrast of %.2f on %s", theme.Ink, c, got, g)
				}
			}
			for _, g := range theme.grounds {
				if got := contrast(parseColour(theme.Chart), g); got < shapeContrast {
					t.Errorf("the chart %s of %s has a contrast of %.2f on %s", theme.Chart, c, got, g)
				}
			}
		}
	}
	for _, c := range []rgb{white, black, defaultAccent, 0xff0000, 0x00ff00, 0x0000ff, 0xffff00, 0x767676, 0x777777} {
		check(t, c)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rgb(rapid.Uint32Range(0, 0xffffff).Draw(t, "colour"))) })
	if plain := ShadesOf(""); plain != ShadesOf("#e07a45") || plain != ShadesOf("nonsense") || ShadesOf("#00000g") != plain {
		t.Errorf("without an accent the shades are %+v", plain)
	}
}

// The dashboard reads the same file in a test of its own.
func TestTheDashboardIsTestedWithTheSameShades(t *testing.T) {
	const file = "../dashboard/testing/shades.json"
	var examples []Shades
	for _, accent := range []string{"#e07a45", "#0f766e", "#ffffff", "#000000", "#ffd400", "#1d4ed8", "#7f7f7f", "#ff0000", "#c0ffee"} {
		examples = append(examples, ShadesOf(accent))
	}
	want, err := json.MarshalIndent(examples, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what is computed; run: go test ./views -run TestTheDashboardIsTested -update (%v)", file, err)
	}
}
