package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// packagesFile is beside an embedded bundle, and has the licences of the packages that it is made of; bundled/bundled.mjs writes it.
const packagesFile = "packages.json"

type bundle struct {
	Packages []struct {
		Name, Version, Author string
		// Licence is what the package says of itself.
		Licence string
		Files   []struct {
			Name string
			Text int
		}
	}
	Texts []string
}

func readBundle(path string) (b bundle, err error) {
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &b) //nolint:musttag // the names are those of the fields, in lower case
	}
	return b, err
}

// bundled returns the licences of the packages in a folder's bundle; none where the folder has no packagesFile.
func bundled(work, dir string) (all []text, err error) {
	b, err := readBundle(filepath.Join(dir, packagesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, p := range b.Packages {
		name := fmt.Sprintf("%s, %s %s", work, p.Name, p.Version)
		if len(p.Files) == 0 { // its licence is a word in package.json
			if !slices.Contains(allowed, p.Licence) {
				return nil, fmt.Errorf("%s is under %q: decide whether the program may contain it", name, p.Licence)
			}
			all = append(all, text{name, "package.json", nil, fmt.Sprintf("The package has no text of its licence. It says: %s, %s\n", p.Licence, p.Author)})
		}
		for _, f := range p.Files {
			if f.Text < 0 || f.Text >= len(b.Texts) {
				return nil, fmt.Errorf("%s has no text %d", packagesFile, f.Text)
			}
			licences, err := mayContain(name+": "+f.Name, []byte(b.Texts[f.Text]))
			if err != nil {
				return nil, err
			}
			all = append(all, text{name, f.Name, licences, plain([]byte(b.Texts[f.Text]))})
		}
	}
	return all, nil
}
