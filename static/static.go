// Package static holds the console's stylesheet, script, icon and fonts. Each is
// served under a name that carries a hash of its content, so a browser keeps it
// for good and a changed file is a new name.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Prefix is where the files are served.
const Prefix = "/static/"

// CacheControl is for every file: its name changes with its content.
const CacheControl = "public, max-age=31536000, immutable"

//go:embed console.css guide.css console.js find.js icon.svg fonts/*.woff2
var files embed.FS

// File is one asset.
type File struct {
	ContentType string
	Body        []byte
	// Gzip is the body compressed; nil where that would not make it smaller.
	Gzip []byte
}

// all is made on first use: commands that serve nothing do not pay for it.
var all = sync.OnceValue(load)

type assets struct {
	// served maps the name in a URL to the file, named the plain name to the name in a URL.
	served map[string]File
	named  map[string]string
}

// Open finds a file by its name below Prefix, such as console-3f9ac011.css.
func Open(name string) (File, bool) {
	f, found := all().served[name]
	return f, found
}

// URL is the address of a file, given its plain name such as console.css. It is
// empty for a file that does not exist.
func URL(name string) string {
	served, found := all().named[name]
	if !found {
		return ""
	}
	return Prefix + served
}

// load takes the fonts first: the stylesheet names them by their hashed names.
func load() assets {
	a := assets{served: map[string]File{}, named: map[string]string{}}
	names := []string{"icon.svg", "console.js", "find.js", "guide.css"}
	fonts, _ := fs.Glob(files, "fonts/*")
	for _, name := range append(fonts, names...) {
		a.add(name, read(name))
	}
	a.add("console.css", reference.ReplaceAllFunc(read("console.css"), func(match []byte) []byte {
		return []byte(`url("` + Prefix + a.named[string(reference.FindSubmatch(match)[1])] + `")`)
	}))
	return a
}

// reference is how the stylesheet names a file beside it.
var reference = regexp.MustCompile(`url\("\./([^"]+)"\)`)

// read returns an embedded file; go:embed guarantees that it exists.
func read(name string) []byte {
	body, _ := files.ReadFile(name)
	return body
}

func (a assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	served := strings.TrimSuffix(path.Base(name), ext) + "-" + hex.EncodeToString(sum[:4]) + ext
	f := File{ContentType: contentType(ext), Body: body}
	if small := compress(body); len(small) < len(body)*9/10 {
		f.Gzip = small
	}
	a.served[served] = f
	a.named[name] = served
}

// contentType does not ask the system's tables for fonts: they differ from machine to machine.
func contentType(ext string) string {
	if ext == ".woff2" {
		return "font/woff2"
	}
	return mime.TypeByExtension(ext)
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}
