// Package logo writes the logos that operators upload anew, so that what is served holds
// pixels or shapes and nothing else: no script, no reference to elsewhere, no hidden data.
package logo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

const (
	// MaxBytes is how large a file may be, and a logo that was made of it.
	MaxBytes = 256 << 10
	// MaxPixels is how wide and high a picture of pixels may be; one over keptPixels is scaled down to that.
	MaxPixels  = 2048
	keptPixels = 512
)

// The media types of logos.
const (
	PNG = "image/png"
	SVG = "image/svg+xml"
)

// Rule says what a logo can be.
const Rule = "must be a PNG of at most 2048 × 2048 pixels or an SVG, of at most 256 KiB"

// Image is a logo that Rewrite made; the zero value is none.
type Image struct {
	about   Info
	content []byte
}

// Content is the file. Callers do not change it.
func (i Image) Content() []byte { return i.content }

// Info describes the logo.
func (i Image) Info() Info { return i.about }

// Info describes a logo; the zero value is none.
type Info struct {
	Media string `json:"media_type"`
	// Hash is the SHA-256 of the content in hexadecimal.
	Hash  string `json:"hash"`
	Bytes int    `json:"bytes"`
}

// IsSet is true if there is a logo.
func (i Info) IsSet() bool { return i != Info{} }

// String describes the logo in a line; empty for none.
func (i Info) String() string {
	if !i.IsSet() {
		return ""
	}
	return fmt.Sprintf("%s, %d bytes, SHA-256 %s", i.Media, i.Bytes, i.Hash)
}

func imageOf(media string, content []byte) Image {
	sum := sha256.Sum256(content)
	return Image{Info{Media: media, Hash: hex.EncodeToString(sum[:]), Bytes: len(content)}, content}
}

// Stored is a logo that was kept as it was made: false if the content is not the one described.
func Stored(content []byte, about Info) (Image, bool) {
	i := imageOf(about.Media, content)
	return i, (about.Media == PNG || about.Media == SVG) && i.about == about
}

// Rewrite makes a logo of a file, or says what is wrong with the file. Written anew again, a logo stays as it is.
func Rewrite(file []byte) (made Image, problem string) {
	media, rewrite := SVG, rewriteSVG
	switch {
	case len(file) > MaxBytes || len(file) == 0:
		return Image{}, Rule
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		media, rewrite = PNG, rewritePNG
	}
	content, problem := rewrite(file)
	switch {
	case problem != "":
		return Image{}, problem
	case len(content) > MaxBytes:
		return Image{}, "must be simpler: written anew it has more than 256 KiB"
	}
	return imageOf(media, content), ""
}
