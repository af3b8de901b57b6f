package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// checkCompose loads the file with every profile on, which checks it against the specification's
// schema and its references, and then holds its services to what a production machine wants.
func checkCompose(ctx context.Context, path string, content []byte) (problems []string) {
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		ConfigFiles: []types.ConfigFile{{Filename: path, Content: content}},
		Environment: types.Mapping{"POSTGRES_PASSWORD": "only-for-this-check"},
	}, func(o *loader.Options) {
		o.SetProjectName("deploylint", false)
		o.Profiles = []string{"*"}
		o.SkipResolveEnvironment = true // env_file names a file that only the operator has
	})
	if err != nil {
		return []string{err.Error()}
	}
	for _, name := range slices.Sorted(maps.Keys(project.Services)) {
		for _, problem := range serviceProblems(project.Services[name]) {
			problems = append(problems, fmt.Sprintf("service %s: %s", name, problem))
		}
	}
	return problems
}

func serviceProblems(s types.ServiceConfig) (problems []string) {
	if s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) == 0 {
		problems = append(problems, "has no health check")
	}
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 || s.Deploy.Resources.Limits.NanoCPUs == 0 {
		problems = append(problems, "has no limit of memory or processors")
	}
	if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
		problems = append(problems, "may gain privileges: security_opt lacks no-new-privileges:true")
	}
	database := strings.Contains(s.Image, "postgres") || strings.Contains(s.Image, "valkey") || strings.Contains(s.Image, "redis")
	if database && len(s.Ports) > 0 {
		problems = append(problems, "is a database and publishes a port")
	}
	for _, port := range s.Ports {
		if port.HostIP != "127.0.0.1" {
			problems = append(problems, fmt.Sprintf("publishes port %s beyond 127.0.0.1", port.Published))
		}
	}
	if s.Image != "" && s.Build == nil && (!strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest")) {
		problems = append(problems, "does not say which version of its image it wants")
	}
	return problems
}
