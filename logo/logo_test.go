package logo_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codexible/logo"
)

const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" width="10" height="10">`

func picture(t testing.TB, width, height int, at func(x, y int) color.NRGBA) []byte {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.SetNRGBA(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func orange(int, int) color.NRGBA { return color.NRGBA{R: 224, G: 122, B: 69, A: 255} }

// rewritten writes a file anew, and once more: it must stay as it is.
func rewritten(t testing.TB, file []byte) logo.Image {
	t.Helper()
	made, problem := logo.Rewrite(file)
	if problem != "" {
		t.Fatalf("%.200q is refused: %s", file, problem)
	}
	again, problem := logo.Rewrite(made.Content())
	if problem != "" || !bytes.Equal(again.Content(), made.Content()) || again.Info().Media != made.Info().Media {
		t.Fatalf("written anew again it changes (%s):\n%.500q\n%.500q", problem, made.Content(), again.Content())
	}
	return made
}

func TestADrawingKeepsItsShapesAndNothingElse(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"shapes", open + `<path d="M1 1h8v8z" fill="#e07a45"/><circle cx="5" cy="5" r="2.5" stroke="rgb(1, 2, 3)"/></svg>`,
			`<path d="M1 1h8v8z" fill="#e07a45"/><circle cx="5" cy="5" r="2.5" stroke="rgb(1, 2, 3)"/></svg>`},
		{"gradients and uses", open + `<defs><linearGradient id="a"><stop offset="0%" stop-color="red"/></linearGradient><g id="b"><rect width="4" height="4" fill="url(#a)"/></g></defs><use xlink:href="#b" xmlns:xlink="http://www.w3.org/1999/xlink" x="1"/></svg>`,
			`<defs><linearGradient id="a"><stop offset="0%" stop-color="red"/></linearGradient><g id="b"><rect width="4" height="4" fill="url(#a)"/></g></defs><use href="#b" x="1"/></svg>`},
		{"text", open + "<text x=\"1\" font-family=\"'Manrope', sans-serif\">A &amp; <tspan>B</tspan> &lt;script&gt;</text></svg>",
			`<text x="1" font-family="'Manrope', sans-serif">A &amp; <tspan>B</tspan> &lt;script&gt;</text></svg>`},
		{"a style is attributes", open + `<rect style="fill:#fff;stroke : none;-inkscape-x:'y';filter:url(#f);background:url(https://evil.example)" fill="red" width="1" height="1"/></svg>`,
			`<rect fill="#fff" width="1" height="1" stroke="none"/></svg>`},
		{"notes of programs", `<?xml version="1.0" encoding="UTF-8"?><!-- made by me --><svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://inkscape" viewBox="0 0 10 10" width="100%" i:version="1" class="x" data-x="y">` +
			`<title>secret.ai</title><metadata><script>alert(1)</script></metadata><i:namedview><i:grid/></i:namedview><g i:label="Layer"><line x1="0" y2="3"/></g></svg>`, `<g><line x1="0" y2="3"/></g></svg>`},
		{"a prefix", `<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><s:g/></s:svg>`, `<g/></svg>`},
	} {
		made := rewritten(t, []byte(c.file))
		if got := string(made.Content()); got != open+c.want+"\n" || made.Info().Media != logo.SVG {
			t.Errorf("%s: %s\n%s, want\n%s", c.name, made.Info().Media, got, open+c.want)
		}
	}
	sized := rewritten(t, []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="120px" height="32"><path d="M0 0"/></svg>`))
	if !strings.Contains(string(sized.Content()), `viewBox="0 0 120 32"`) {
		t.Errorf("a drawing with a size alone is %s", sized.Content())
	}
}

func TestADrawingThatCouldActOrLoadIsRefused(t *testing.T) {
	inside := func(text string) string { return open + text + "</svg>" }
	deep := strings.Repeat("<g>", 40) + strings.Repeat("</g>", 40)
	laughs := `<g id="l0"><path d="M0 0"/></g>`
	for n := 1; n < 12; n++ {
		laughs += fmt.Sprintf(`<g id="l%d">%s</g>`, n, strings.Repeat(fmt.Sprintf(`<use href="#l%d"/>`, n-1), 10))
	}
	masks := `<mask id="m0"/>`
	for n := 1; n < 12; n++ {
		masks += fmt.Sprintf(`<mask id="m%d">%s</mask>`, n, strings.Repeat(fmt.Sprintf(`<g mask="url('#m%d')"/>`, n-1), 10))
	}
	for text, says := range map[string]string{
		inside(`<script>alert(1)</script>`):                                                                               "element “script”",
		inside(`<SCRIPT>alert(1)</SCRIPT>`):                                                                               "element “SCRIPT”",
		inside(`<style>@import url(https://evil.example)</style>`):                                                        "element “style”",
		inside(`<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>`):                            "element “foreignObject”",
		inside(`<image href="https://evil.example/x.png"/>`):                                                              "element “image”",
		inside(`<a href="javascript:alert(1)"><path d="M0 0"/></a>`):                                                      "element “a”",
		inside(`<animate attributeName="href" to="javascript:alert(1)"/>`):                                                "element “animate”",
		inside(`<set attributeName="onload" to="alert(1)"/>`):                                                             "element “set”",
		inside(`<g><svg/></g>`):                                                                                           "element “svg”",
		inside(`<path d="M0 0" onclick="alert(1)"/>`):                                                                     "attribute “onclick”",
		inside(`<path d="M0 0" ONLOAD="alert(1)"/>`):                                                                      "attribute “ONLOAD”",
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" onload="alert(1)"/>`:                                   "attribute “onload”",
		inside(`<use href="https://evil.example/x.svg#a"/>`):                                                              "link to elsewhere",
		inside(`<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml,x#a"/>`):                   "link to elsewhere",
		inside(`<use xmlns:y="http://www.w3.org/1999/xlink" y:href="&#x2f;&#x2f;evil.example#a"/>`):                       "link to elsewhere",
		inside(`<path href="#a"/>`):                                                                                       "link to elsewhere",
		inside(`<rect fill="url(https://evil.example#a)"/>`):                                                              "attribute fill of rect",
		inside(`<rect style="fill:url(//evil.example#a)"/>`):                                                              "attribute fill of rect",
		inside(`<rect style="fill:u\72l(//evil.example#a)"/>`):                                                            "attribute fill of rect",
		inside(`<rect fill="expression(alert(1))"/>`):                                                                     "attribute fill of rect",
		inside(`<rect mask="url(x.svg#a)"/>`):                                                                             "attribute mask of rect",
		inside(`<rect width="calc(1px)"/>`):                                                                               "attribute width of rect",
		`<!DOCTYPE svg [<!ENTITY a "x">]>` + inside(`<text>&a;</text>`):                                                   "DOCTYPE",
		`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + inside(""): "DOCTYPE",
		inside(`<text>&a;</text>`):                                                                                        "can be read",
		`<?xml-stylesheet href="https://evil.example/x.css"?>` + inside(""):                                               "processing instruction “xml-stylesheet”",
		inside(`<?php evil ?>`):                                                                                           "processing instruction “php”",
		inside(`<title><?php evil ?></title><g/>` + `<!DOCTYPE x>`):                                                       "DOCTYPE",
		`<?xml version="1.0" encoding="UTF-7"?>` + inside(""):                                                             "can be read",
		inside(deep): "must be simpler",
		inside(`<x:x xmlns:x="y">` + strings.Repeat("<x:y>", 100)):                    "must be simpler",
		inside(strings.Repeat("<g/>", 5000)):                                          "must be simpler",
		inside(`<x:x xmlns:x="y">` + strings.Repeat("<x:y/>", 5000) + `</x:x>`):       "must be simpler",
		inside(laughs + `<use href="#l11"/>`):                                         "must be simpler",
		inside(masks + `<g mask="url(#m11)"/>`):                                       "must be simpler",
		inside(`<g id="a"><use href="#a"/></g>`):                                      "uses itself",
		inside(`<g id="a"><use href="#b"/></g><g id="b" clip-path="url(#a)"/>`):       "uses itself",
		inside(`<g id="a"/><g id="a"/>`):                                              "id “a” twice",
		inside(`<g id="a b"/>`):                                                       "attribute id of g",
		inside(`<` + strings.Repeat("x", 200) + `/>`):                                 "…”",
		`<svg xmlns="http://www.w3.org/2000/svg"/>`:                                   "viewBox",
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 10"/>`:                "viewBox",
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1e308 10"/>`:            "viewBox",
		`<svg viewBox="0 0 1 1"/>`:                                                    "xmlns",
		`<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>`: "outermost element is svg",
		inside("") + inside(""):                                                       "outermost element is svg",
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">`:                  "can be read",
		"GIF89a": "can be read", "": "256 KiB", "\xff\xfe<\x00s\x00": "can be read",
		strings.Repeat(" ", logo.MaxBytes) + inside(""):                                              "256 KiB",
		open + "<text>" + strings.Repeat("&gt;", 2) + strings.Repeat(">", 100_000) + "</text></svg>": "written anew",
	} {
		made, problem := logo.Rewrite([]byte(text))
		if !strings.Contains(problem, says) || made.Info().Media != "" || made.Info().IsSet() {
			t.Errorf("%.200s: %q, want %q", text, problem, says)
		}
	}
}

func TestAPictureKeepsItsPixelsAndNothingElse(t *testing.T) {
	small := rewritten(t, picture(t, 64, 32, func(x, y int) color.NRGBA { return color.NRGBA{R: uint8(x), G: uint8(y), B: 9, A: uint8(4 * x)} }))
	decoded, err := png.Decode(bytes.NewReader(small.Content()))
	if err != nil || decoded.Bounds().Dx() != 64 || decoded.At(20, 7) != (color.NRGBA{R: 20, G: 7, B: 9, A: 80}) {
		t.Errorf("a small picture becomes %v: %v", decoded.At(20, 7), err)
	}
	// A note between the head and the pixels, and a page behind the end.
	plain := picture(t, 8, 8, orange)
	note := []byte("\x00\x00\x00\x14tEXtComment\x00<script>evil")
	sum := crc32.ChecksumIEEE(note[4:])
	note = append(note, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	hidden := slices.Concat(plain[:33], note, plain[33:], []byte("<script>alert(1)</script>"))
	if made := rewritten(t, hidden); bytes.Contains(made.Content(), []byte("script")) || !bytes.Equal(made.Content(), rewritten(t, plain).Content()) {
		t.Errorf("what was hidden in a picture is kept: %q", made.Content())
	}
	large := rewritten(t, picture(t, 2048, 300, orange))
	if head, err := png.DecodeConfig(bytes.NewReader(large.Content())); err != nil || head.Width != 512 || head.Height != 75 {
		t.Errorf("a large picture becomes %d × %d: %v", head.Width, head.Height, err)
	}
	thin := rewritten(t, picture(t, 2000, 1, orange))
	if head, err := png.DecodeConfig(bytes.NewReader(thin.Content())); err != nil || head.Width != 512 || head.Height != 1 {
		t.Errorf("a thin picture becomes %d × %d: %v", head.Width, head.Height, err)
	}
	indexed := image.NewPaletted(image.Rect(0, 0, 300, 200), color.Palette{color.NRGBA{}, color.NRGBA{R: 200, A: 255}})
	var b bytes.Buffer
	if err := png.Encode(&b, indexed); err != nil {
		t.Fatal(err)
	}
	rewritten(t, b.Bytes())
}

func TestAPictureThatIsTooLargeIsRefusedBeforeItIsDecoded(t *testing.T) {
	if _, problem := logo.Rewrite(picture(t, 2049, 1, orange)); problem != logo.Rule {
		t.Errorf("2049 pixels: %q", problem)
	}
	// A head that promises 2 billion pixels, whose memory nobody may ask for.
	bomb := picture(t, 1, 1, orange)
	copy(bomb[16:24], []byte{0, 0, 0xff, 0xff, 0, 0, 0x7f, 0xff})
	sum := crc32.ChecksumIEEE(bomb[12:29])
	copy(bomb[29:33], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	if _, problem := logo.Rewrite(bomb); problem != logo.Rule {
		t.Errorf("a bomb: %q", problem)
	}
	cut := picture(t, 64, 64, orange)
	for _, broken := range [][]byte{cut[:len(cut)/2], cut[:10], append(cut[:40:40], cut[60:]...)} {
		if _, problem := logo.Rewrite(broken); !strings.Contains(problem, "damaged") {
			t.Errorf("a damaged picture: %q", problem)
		}
	}
	seed := uint32(1)
	noise := func(int, int) color.NRGBA {
		seed = seed*1664525 + 1013904223
		return color.NRGBA{R: uint8(seed >> 24), G: uint8(seed >> 16), B: uint8(seed >> 8), A: uint8(seed>>20) | 1}
	}
	if _, problem := logo.Rewrite(picture(t, 512, 512, noise)); problem != logo.Rule {
		t.Errorf("a picture of a megabyte: %q", problem)
	}
}

func TestALogoIsStoredAsItWasMade(t *testing.T) {
	made := rewritten(t, []byte(open+"</svg>"))
	about := made.Info()
	if same, ok := logo.Stored(made.Content(), about); !ok || same.Info() != about || about.Bytes != len(made.Content()) || len(about.Hash) != 64 {
		t.Errorf("%+v is not itself", about)
	}
	other := about
	other.Media = "text/html"
	if _, ok := logo.Stored(made.Content(), other); ok {
		t.Error("a page is taken for a logo")
	}
	if _, ok := logo.Stored([]byte("<script/>"), about); ok {
		t.Error("other content is taken for the logo")
	}
	if (logo.Image{}).Info().IsSet() || (logo.Info{}).String() != "" || !strings.Contains(about.String(), about.Hash) {
		t.Error("no logo has a description, or a logo has none")
	}
}

// harmless are the names that a drawing may come out with.
var harmless = strings.Fields("svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient radialGradient stop clipPath mask text tspan")

func FuzzALogoIsWrittenAnew(f *testing.F) {
	files, err := filepath.Glob("testdata/*.svg")
	if err != nil || len(files) == 0 {
		f.Fatalf("testdata has no drawings: %v", err)
	}
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add(picture(f, 3, 2, orange))
	f.Add([]byte(open + `<g id="a" onload="x" style="fill:url('#b') red"><use href="#a"/></g><a/><text>&#60;&quot;&#x1F600;]]&gt;</text></svg>`))
	f.Add([]byte(open + `<s:g xmlns:s="http://www.w3.org/2000/svg"><![CDATA[<script>]]></s:g><text><![CDATA[<script>]]>&#13;</text></svg>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		made, problem := logo.Rewrite(file)
		if (problem == "") == (made.Info().Media == "") {
			t.Fatalf("%q and %q", problem, made.Info().Media)
		}
		if problem != "" {
			return
		}
		content := rewritten(t, file).Content()
		if made.Info().Media != logo.SVG {
			return
		}
		for decoder := xml.NewDecoder(bytes.NewReader(content)); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("what comes out cannot be read: %v\n%s", err, content)
			}
			switch token := token.(type) {
			case xml.Directive, xml.ProcInst, xml.Comment:
				t.Fatalf("%T comes out: %s", token, content)
			case xml.StartElement:
				if !slices.Contains(harmless, token.Name.Local) || token.Name.Space != "http://www.w3.org/2000/svg" {
					t.Fatalf("the element %v comes out: %s", token.Name, content)
				}
				for _, a := range token.Attr {
					lower := strings.ToLower(a.Value)
					if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Space != "" || a.Name.Local == "style" || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") ||
						a.Name.Local != "xmlns" && (strings.Contains(lower, ":") || strings.Contains(lower, "//") || strings.Contains(lower, "\\") || strings.Contains(lower, "url(") && !strings.Contains(strings.NewReplacer(`"`, "", "'", "").Replace(lower), "url(#")) {
						t.Fatalf("the attribute %v comes out: %s", a, content)
					}
				}
			}
		}
	})
}
