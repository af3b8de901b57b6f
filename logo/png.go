package logo

import (
	"bytes"
	"image"
	"image/png"
	"sync"

	"golang.org/x/image/draw"
)

// decoding bounds the memory of pictures that are decoded to one at a time, 32 MiB.
var decoding sync.Mutex

// rewritePNG keeps the pixels of a picture, and nothing else of its file.
func rewritePNG(file []byte) (made []byte, problem string) {
	const damaged = "must be a PNG that can be read: this file is damaged or incomplete"
	head, err := png.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, damaged
	case head.Width > MaxPixels || head.Height > MaxPixels:
		return nil, Rule
	}
	decoding.Lock()
	defer decoding.Unlock()
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, damaged
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, kept(picture)); err != nil {
		return nil, damaged
	}
	return b.Bytes(), ""
}

// kept is a picture with 8 bits a channel, or its palette, scaled down to keptPixels.
func kept(picture image.Image) image.Image {
	size := picture.Bounds().Size()
	most := max(size.X, size.Y)
	if _, indexed := picture.(*image.Paletted); indexed && most <= keptPixels {
		return picture
	}
	to := image.Rect(0, 0, size.X, size.Y)
	if most <= keptPixels {
		plain := image.NewNRGBA(to)
		draw.Draw(plain, to, picture, picture.Bounds().Min, draw.Src)
		return plain
	}
	to = image.Rect(0, 0, max(1, size.X*keptPixels/most), max(1, size.Y*keptPixels/most))
	scaled := image.NewNRGBA(to)
	draw.CatmullRom.Scale(scaled, to, picture, picture.Bounds(), draw.Src, nil)
	return scaled
}
