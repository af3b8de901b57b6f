package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that were looked at: each may be distributed in a binary if its text goes with it. Another one
// is a decision to make, not a line to add.
var allowed = []string{
	"0BSD", "AFL-3.0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "Unicode-DFS-2016", "Unlicense", "Zlib", "blessing",
	"GooglePatentsFile", "GooglePatentClause",
}

// A text is one file of licences of one work.
type text struct {
	work, file string
	// licences are the SPDX names of what was recognised in the file; a notice or a list of parts may have none.
	licences []string
	content  string
}

// texts reads the licences of a work. At least one must be recognised, and all that are must be allowed.
func (w *work) texts() (all []text, err error) {
	outermost := w.dirs[0]
	recognised := false
	for _, dir := range w.dirs {
		parts, err := bundled(w.name, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
		names, err := licenceFiles(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			licences, err := mayContain(w.name+": "+name, content)
			if err != nil {
				return nil, err
			}
			recognised = recognised || len(licences) > 0
			relative, err := filepath.Rel(outermost, filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			all = append(all, text{w.name, filepath.ToSlash(relative), licences, plain(content)})
		}
	}
	if !recognised {
		return nil, errors.New(w.name + " has no licence that is known: read its source and decide whether the program may contain it")
	}
	return all, nil
}

// mayContain returns the licences that a text is, all of which must be allowed.
func mayContain(what string, content []byte) ([]string, error) {
	licences := recognise(content)
	for _, id := range licences {
		if !slices.Contains(allowed, id) {
			return nil, fmt.Errorf("%s is under %s: decide whether the program may contain it", what, id)
		}
	}
	return licences, nil
}

func recognise(content []byte) (ids []string) {
	for _, m := range licensecheck.Scan(content).Match {
		if !m.IsURL && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// plain is a text with LF at the end of its lines and no blanks there.
func plain(content []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(bytes.ToValidUTF8(content, []byte("�"))) {
		b.Write(bytes.TrimRight(line, " \t\r\n"))
		b.WriteByte('\n')
	}
	return strings.Trim(b.String(), "\n") + "\n"
}

var copyrightLine = regexp.MustCompile(`(?i)^\W*(copyright|portions copyright|©|\(c\))\W.*\d{4}|^\W*copyright \(c\)`)

// divide takes the lines that name who holds the copyright from a short licence, which else differ in nothing.
func divide(content string) (holders []string, rest string) {
	if len(content) > 4096 {
		return nil, content
	}
	var kept strings.Builder
	for line := range strings.Lines(content) {
		if trimmed := strings.TrimSpace(line); copyrightLine.MatchString(trimmed) {
			holders = append(holders, trimmed)
		} else {
			kept.WriteString(line)
		}
	}
	return holders, strings.Trim(kept.String(), "\n") + "\n"
}

// A group is one text with all that it applies to.
type group struct {
	licences []string
	content  string
	members  []string
}

// document lays all texts out, each that differs once.
func document(texts []text) []byte {
	groups := map[string]*group{}
	for _, t := range texts {
		holders, rest := divide(t.content)
		key := strings.ToLower(strings.Join(strings.Fields(rest), " "))
		g := groups[key]
		if g == nil {
			g = &group{licences: t.licences, content: rest}
			groups[key] = g
		}
		lines := append([]string{"* " + t.work + " (" + t.file + ")"}, holders...)
		g.members = append(g.members, strings.Join(lines, "\n      ")+"\n")
	}
	all := slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(-cmp.Compare(len(a.members), len(b.members)), cmp.Compare(a.members[0], b.members[0]))
	})

	var b bytes.Buffer
	b.WriteString("Third-party licences\n\nThe program codexible contains the works that are named here, under the licences that follow their names. The source of\n" +
		"each module of Go is at its name and version, as the Go command finds it.\n")
	for _, g := range all {
		b.WriteString("\n" + strings.Repeat("=", 80) + "\n\n")
		if len(g.licences) > 0 {
			b.WriteString(strings.Join(g.licences, ", ") + "\n\n")
		}
		for _, m := range g.members {
			b.WriteString(m)
		}
		b.WriteString("\n" + strings.Repeat("-", 80) + "\n\n" + g.content)
	}
	return b.Bytes()
}
