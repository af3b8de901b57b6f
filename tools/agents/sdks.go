//go:build agents

// Package agents names the SDKs for Go that make agents runs, so that go.mod pins their versions.
package agents

import (
	_ "github.com/anthropics/anthropic-sdk-go"
	_ "github.com/openai/openai-go/v3"
)
