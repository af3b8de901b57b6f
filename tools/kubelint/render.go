package main

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func load(dir string) (*chart.Chart, error) {
	c, err := loader.LoadDir(dir)
	if err != nil {
		return nil, err
	}
	return c, c.Validate()
}

// render returns the documents that the chart renders with the values, each without blank lines at its ends.
func render(c *chart.Chart, values map[string]any) ([]string, error) {
	// Helm merges defaults into what it is given.
	given, err := chartutil.CoalesceValues(c, maps.Clone(values))
	if err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(c, given, chartutil.ReleaseOptions{Name: "codexible", Namespace: "default", IsInstall: true}, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := (engine.Engine{Strict: true}).Render(c, all)
	if err != nil {
		return nil, err
	}
	var documents []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for _, document := range divider.Split(files[name], -1) {
			if document = strings.TrimSpace(document); document != "" {
				documents = append(documents, document)
			}
		}
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s renders nothing", c.Name())
	}
	return documents, nil
}

var divider = regexp.MustCompile(`(?m)^---$`)

// manifest is a file of the documents.
func manifest(documents []string) string {
	return "# Made from the chart in deploy/helm/codexible by make manifests. deploy/README.md, \"Kubernetes\", says what to change.\n---\n" +
		strings.Join(documents, "\n---\n") + "\n"
}
