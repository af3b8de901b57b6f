package gateway

import "slices"

// A span is a part of a body and what is put in its place.
type span struct {
	from, to int
	text     string
}

// replace gives a copy of the body in which the spans, which do not overlap, are replaced, and
// the body itself where there are none.
func replace(body []byte, spans ...span) []byte {
	if len(spans) == 0 {
		return body
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	size := len(body)
	for _, s := range spans {
		size += len(s.text) - (s.to - s.from)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, s := range spans {
		out = append(append(out, body[at:s.from]...), s.text...)
		at = s.to
	}
	return append(out, body[at:]...)
}

// forUpstream is the body as an upstream gets it that calls the model by this name: with that
// name, and asking for the usage of a stream. All other bytes are as they came.
func (in *inspected) forUpstream(body []byte, model string) []byte {
	var spans []span
	if model != in.model {
		spans = append(spans, span{in.modelAt[0], in.modelAt[1], string(encode(model))})
	}
	if !in.usageAsked {
		spans = append(spans, span{in.usageAt[0], in.usageAt[1], in.usageEdit})
	}
	return replace(body, spans...)
}
