package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func checkDockerfile(ctx context.Context, path string, content []byte) (problems []string) {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	results, err := dockerfile2llb.DockerfileLint(ctx, content, dockerfile2llb.ConvertOpt{
		MetaResolver:   emptyImages{platform},
		TargetPlatform: &platform,
		// Without a Definition the linter reads through a nil pointer.
		SourceMap: &llb.SourceMap{Filename: path, Data: content, Definition: &llb.Definition{}},
	})
	if err != nil {
		return []string{err.Error()}
	}
	for _, w := range results.Warnings {
		problems = append(problems, fmt.Sprintf("line %d: %s: %s", line(w.Location), w.RuleName, w.Detail))
	}
	if results.Error != nil { // an unknown instruction, say, is no warning
		problems = append(problems, fmt.Sprintf("line %d: %s", line(&results.Error.Location), results.Error.Message))
	}
	return problems
}

func line(location *pb.Location) int32 {
	ranges := location.GetRanges()
	if len(ranges) == 0 {
		return 0
	}
	return ranges[0].GetStart().GetLine()
}

// emptyImages answers for every base image with an empty configuration, so that no registry is asked.
type emptyImages struct{ platform ocispecs.Platform }

func (e emptyImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{Platform: e.platform})
	return ref, digest.FromBytes(config), config, err
}
