// Kubelint checks the Helm chart and the Kubernetes manifests without a cluster: it renders the chart with Helm's own
// engine, decodes every object strictly into the types of Kubernetes' API, and holds them to the rules in rules.go. The
// manifests are the chart, rendered for two sets of values.
//
//	go run .          # check
//	go run . -write   # write deploy/kubernetes
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

func main() {
	root := flag.String("root", filepath.Join("..", ".."), "folder of the program's module")
	write := flag.Bool("write", false, "write the manifests")
	flag.Parse()
	problems, err := run(*root, *write)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubelint:", err)
		os.Exit(1)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	fmt.Println("deploy/helm/codexible, deploy/kubernetes: ok")
}

// A variant is a set of values that the chart is checked with; those with a file are the manifests.
type variant struct {
	name, file string
	values     map[string]any
}

var variants = []variant{
	{"embedded", "embedded.yaml", nil},
	{"postgres", "postgres.yaml", map[string]any{"postgres": true, "secret": "codexible"}},
	{"everything set", "", map[string]any{
		"postgres": true, "secret": "own", "replicas": 5, "settings": map[string]any{"PUBLIC_URL": "https://api.example.com", "SHOW_COST": false, "RATE_LIMIT_PER_IP": 30},
		"image":   map[string]any{"repository": "registry.example.com/codexible", "tag": "v9", "pullSecrets": []any{"pull"}},
		"service": map[string]any{"type": "LoadBalancer", "port": 443}, "stop": map[string]any{"drain": 0, "requests": 300, "streams": 60},
	}},
	{"one instance on postgres", "", map[string]any{"postgres": true, "secret": "own", "replicas": 1}},
	{"a volume of its own class", "", map[string]any{"volume": map[string]any{"size": "500Mi", "storageClass": "fast"}, "secret": "upstreams"}},
}

func run(root string, write bool) (problems []string, err error) {
	chart, err := load(filepath.Join(root, "deploy", "helm", "codexible"))
	if err != nil {
		return nil, err
	}
	known, err := settings(filepath.Join(root, ".env.example"))
	if err != nil {
		return nil, err
	}
	changes, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return nil, err
	}
	if newest := newestVersion(string(changes)); chart.Metadata.AppVersion != newest || chart.Metadata.Version != newest {
		problems = append(problems, fmt.Sprintf("Chart.yaml is for %s in version %s; the newest version in CHANGELOG.md is %s", chart.Metadata.AppVersion, chart.Metadata.Version, newest))
	}
	for _, v := range variants {
		rendered, err := render(chart, v.values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.name, err)
		}
		for _, problem := range check(rendered, known) {
			problems = append(problems, v.name+": "+problem)
		}
		if v.file == "" {
			continue
		}
		path := filepath.Join(root, "deploy", "kubernetes", v.file)
		text := manifest(rendered)
		if write {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // everyone may read it
				return nil, err
			}
			continue
		}
		if committed, err := os.ReadFile(path); err != nil || string(committed) != text {
			problems = append(problems, "deploy/kubernetes/"+v.file+" is not what the chart renders: run make manifests")
		}
	}
	return problems, nil
}

var versionHeading = regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+\S*) \(`)

func newestVersion(changes string) string {
	if found := versionHeading.FindStringSubmatch(changes); found != nil {
		return found[1]
	}
	return ""
}

var setting = regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]+)=`)

// settings are the variables that the program reads.
func settings(path string) (map[string]bool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, found := range setting.FindAllStringSubmatch(string(text), -1) {
		known[found[1]] = true
	}
	return known, nil
}
