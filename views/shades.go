package views

import (
	"fmt"
	"math"
	"strconv"
)

// Shades are the colours that the dashboard makes of an accent, #rrggbb each. The dashboard
// computes them by itself: a file of examples that both are tested with keeps them alike.
type Shades struct {
	// Accent fills buttons, OnAccent is the text on it.
	Accent   string `json:"accent"`
	OnAccent string `json:"onAccent"` //nolint:tagliatelle // as the dashboard names it
	// Light and Dark are for the two themes.
	Light ThemeShades `json:"light"`
	Dark  ThemeShades `json:"dark"`
}

// ThemeShades are the shades of one theme.
type ThemeShades struct {
	// Ink is readable as text on every background of the theme, and on Wash.
	Ink string `json:"ink"`
	// Wash is a background with a touch of the accent.
	Wash string `json:"wash"`
	// Chart can be told from the backgrounds of the theme.
	Chart string `json:"chart"`
}

const (
	// textContrast and shapeContrast are those of WCAG's level AA.
	textContrast, shapeContrast = 4.5, 3.0
	white, black                = rgb(0xffffff), rgb(0)
	defaultAccent               = rgb(0xe07a45)
)

// backgrounds are the dashboard's paper, surface and sunken.
var (
	lightGrounds = []rgb{0xfaf7f2, 0xfffdfa, 0xf3eee6}
	darkGrounds  = []rgb{0x181512, 0x211d19, 0x2a2520}
)

// rgb is a colour, 0xrrggbb.
type rgb uint32

func (c rgb) String() string { return fmt.Sprintf("#%06x", uint32(c)) }

// parseColour reads #rrggbb; another text is the default accent.
func parseColour(text string) rgb {
	if len(text) != len("#rrggbb") || text[0] != '#' {
		return defaultAccent
	}
	n, err := strconv.ParseUint(text[1:], 16, 24)
	if err != nil {
		return defaultAccent
	}
	return rgb(n)
}

// luminance is the relative luminance of WCAG.
func (c rgb) luminance() float64 {
	part := func(shift int) float64 {
		v := float64(c>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// contrast is that of WCAG, 1 to 21.
func contrast(a, b rgb) float64 {
	l, m := a.luminance(), b.luminance()
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

// mixed is a colour with so many percent of another.
func (c rgb) mixed(with rgb, percent uint32) rgb {
	part := func(shift int) rgb {
		a, b := uint32(c)>>shift&0xff, uint32(with)>>shift&0xff
		return rgb((a*(100-percent)+b*percent+50)/100) << shift
	}
	return part(16) | part(8) | part(0)
}

// readable mixes a colour with black or white until it has a contrast on all grounds.
func (c rgb) readable(to rgb, least float64, grounds ...rgb) rgb {
	for percent := range uint32(100) {
		made, enough := c.mixed(to, percent), true
		for _, g := range grounds {
			enough = enough && contrast(made, g) >= least
		}
		if enough {
			return made
		}
	}
	return to
}

// ShadesOf makes the shades of an accent; of the default one where it is empty.
func ShadesOf(accent string) Shades {
	c := parseColour(accent)
	s := Shades{Accent: c.String(), OnAccent: white.String()}
	if contrast(c, black) > contrast(c, white) {
		s.OnAccent = black.String()
	}
	theme := func(grounds []rgb, to rgb, washed uint32) ThemeShades {
		wash := c.mixed(grounds[1], washed)
		return ThemeShades{
			Ink: c.readable(to, textContrast, append([]rgb{wash}, grounds...)...).String(), Wash: wash.String(),
			Chart: c.readable(to, shapeContrast, grounds...).String(),
		}
	}
	s.Light, s.Dark = theme(lightGrounds, black, 88), theme(darkGrounds, white, 80)
	return s
}
