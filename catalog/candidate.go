package catalog

import (
	"fmt"
	"slices"
	"strings"

	"codexible/fault"

	"github.com/google/uuid"
)

// NewCandidate is a candidate by the name of its upstream.
type NewCandidate struct {
	// Upstream is a name, without case.
	Upstream string
	// Model is the upstream's own name for the model; empty where it is the same.
	Model string
	// Weight and Priority are 1 where they are nil.
	Weight, Priority *int64
}

// Candidate is the candidate of an upstream.
func (n *NewCandidate) Candidate(upstream uuid.UUID) Candidate {
	c := Candidate{UpstreamID: upstream, Model: n.Model, Weight: 1, Priority: 1}
	set(&c.Weight, n.Weight)
	set(&c.Priority, n.Priority)
	return c
}

// CheckCandidates returns an error where there are too many candidates, one is out of its
// range, or two are the same.
func CheckCandidates(list []Candidate) error {
	if len(list) > MaxCandidates {
		return fault.Field("candidates", fmt.Sprintf("must have at most %d candidates", MaxCandidates))
	}
	for i, c := range list {
		switch {
		case c.Model != "" && !ValidName(c.Model):
			return fault.Field("candidates", "must have models whose names have 1 to 200 printable characters without blanks")
		case c.Weight < 0 || c.Weight > MaxWeight:
			return fault.Field("candidates", fmt.Sprintf("must have weights from 0 to %d", MaxWeight))
		case c.Priority < 1 || c.Priority > MaxPriority:
			return fault.Field("candidates", fmt.Sprintf("must have priorities from 1 to %d", MaxPriority))
		case slices.ContainsFunc(list[:i], func(other Candidate) bool { return other.UpstreamID == c.UpstreamID && other.Model == c.Model }):
			return fault.Field("candidates", "must have each upstream once for each of its models")
		}
	}
	return nil
}

// checkServing checks what of a model concerns its calls.
func (m *Model) checkServing() error {
	if m.Overrun != OverrunFinish && m.Overrun != OverrunStop {
		return fault.Field("overrun", "must be finish or stop")
	}
	if len(m.HostedTools) > MaxHostedTools {
		return fault.Field("hosted_tools", fmt.Sprintf("must have at most %d names", MaxHostedTools))
	}
	for i, tool := range m.HostedTools {
		if tool == "" || len(tool) > 64 || strings.Trim(tool, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || slices.Contains(m.HostedTools[:i], tool) {
			return fault.Field("hosted_tools", "must have names of 1 to 64 small letters, digits and underscores, each once, such as code_interpreter")
		}
	}
	return nil
}
