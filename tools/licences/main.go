// Licences writes third-party-licences.txt: the licences of every module that the program links on any platform that is
// released, of Go itself, and of the fonts, scripts and lists that the program embeds.
//
//	go -C tools run ./licences          # writes the file
//	go -C tools run ./licences -check   # exits with 1 if the file is not what it would write
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const output = "third-party-licences.txt"

func main() {
	root := flag.String("root", "..", "folder of the program's module")
	check := flag.Bool("check", false, "fail if the file is out of date, and do not write it")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	text, err := collect(root)
	if err != nil {
		return err
	}
	path := filepath.Join(root, output)
	if !check {
		return os.WriteFile(path, text, 0o644) //nolint:gosec // everyone may read it
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(committed, text) {
		return fmt.Errorf("%s is out of date: run make licences, review what it changes and commit it", output)
	}
	return nil
}

// collect returns the text for the module in root.
func collect(root string) ([]byte, error) {
	works, err := linked(root)
	if err != nil {
		return nil, err
	}
	var texts []text
	for _, w := range works {
		found, err := w.texts()
		if err != nil {
			return nil, err
		}
		texts = append(texts, found...)
	}
	return document(texts), nil
}
