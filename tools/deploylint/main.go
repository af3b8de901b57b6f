// Deploylint checks Dockerfiles with BuildKit's own linter and Compose files against the Compose
// specification and the rules in compose.go. It needs no container engine and no network.
//
//	go run . Dockerfile dashboard/Dockerfile compose.yml
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: deploylint FILE…")
		os.Exit(2)
	}
	failed := false
	for _, path := range os.Args[1:] {
		problems := check(context.Background(), path)
		for _, problem := range problems {
			fmt.Printf("%s: %s\n", path, problem)
		}
		if len(problems) == 0 {
			fmt.Printf("%s: ok\n", path)
		}
		failed = failed || len(problems) > 0
	}
	if failed {
		os.Exit(1)
	}
}

func check(ctx context.Context, path string) (problems []string) {
	content, err := os.ReadFile(path)
	if err != nil {
		return []string{err.Error()}
	}
	if strings.HasPrefix(filepath.Base(path), "Dockerfile") {
		return checkDockerfile(ctx, path, content)
	}
	return checkCompose(ctx, path, content)
}
