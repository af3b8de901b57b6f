package gateway

import (
	"sync"

	"codexible/catalog"
	"codexible/usage"
)

// Bounds of estimates.
const (
	// usualRatio is how many bytes of text a token has until a model's own ratio is known;
	// learnt ratios are kept between leastRatio and mostRatio.
	usualRatio, leastRatio, mostRatio = 4.0, 2.0, 8.0
	// mediaTokens is what a part with an image or a file is taken for.
	mediaTokens = 1600
	// slice is by how many tokens of output a hold grows.
	slice = 2048
	// learningTokens is how many tokens a text needs for its ratio to be learnt: of short
	// texts most is JSON.
	learningTokens = 32
	// learning is the share of the latest call in a ratio.
	learning = 0.1
)

// ratios are how many bytes of text a token has, by model. The zero value is ready.
type ratios struct {
	mu sync.Mutex
	of map[string]ratio
}

type ratio struct{ input, output float64 }

// maxRatios bounds how many models have a ratio: names are of the catalog, which has at most catalog.MaxModels.
const maxRatios = 2 * catalog.MaxModels

func (r *ratios) get(model string) ratio {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.of[model]
	if !ok {
		return ratio{usualRatio, usualRatio}
	}
	return known
}

// learn takes in a call whose upstream has reported all of its tokens.
func (r *ratios) learn(model string, inputBytes, outputBytes int64, media int64, t *usage.Tokens) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.of[model]
	if !ok {
		if len(r.of) >= maxRatios {
			return
		}
		known = ratio{usualRatio, usualRatio}
	}
	if media == 0 {
		known.input = closer(known.input, inputBytes, t.Prompt())
	}
	known.output = closer(known.output, outputBytes, t.Output)
	if r.of == nil {
		r.of = map[string]ratio{}
	}
	r.of[model] = known
}

func closer(known float64, bytes, tokens int64) float64 {
	if tokens < learningTokens || bytes <= 0 {
		return known
	}
	latest := min(max(float64(bytes)/float64(tokens), leastRatio), mostRatio)
	return known + learning*(latest-known)
}

// estimate is what a call is taken to use before its upstream says so.
type estimate struct {
	ratio
	// input is the prompt, and output what may be written before the hold has to grow.
	input, output int64
	// choices is how many answers are written at once.
	choices int64
}

func (r *ratios) estimate(m *catalog.Model, e Endpoint, in *inspected) estimate {
	known := r.get(m.Name)
	est := estimate{ratio: known, choices: max(in.choices, 1)}
	est.input = int64(float64(in.text)/known.input) + in.media*mediaTokens
	if m.ContextWindow > 0 {
		est.input = min(est.input, m.ContextWindow)
	}
	est.input = min(max(est.input, 1), usage.MaxTokens)
	if e == Embeddings {
		return est
	}
	est.output = m.OutputAllowance
	if in.maxOutput > 0 {
		est.output = min(est.output, in.maxOutput)
	}
	est.output = min(est.output*min(est.choices, usage.MaxTokens), usage.MaxTokens)
	return est
}

// tokens are the estimated tokens of the call after so many bytes of output.
func (e *estimate) tokens(outputBytes int64) usage.Tokens {
	return usage.Tokens{Input: e.input, Output: e.outputTokens(outputBytes), Requests: 1}
}

func (e *estimate) outputTokens(bytes int64) int64 {
	return min(int64(float64(bytes)/e.ratio.output+0.5), usage.MaxTokens)
}

// outputBytes is after how many bytes of output so many tokens are estimated.
func (e *estimate) outputBytes(tokens int64) int64 { return int64(float64(tokens) * e.ratio.output) }

// covered is how many tokens of output fit into an amount in millionths of a credit, beside
// the input; usage.MaxTokens where output costs nothing.
func covered(p *catalog.Price, input usage.Tokens, millionths int64) int64 {
	fits := func(output int64) bool {
		t := input
		t.Output = output
		q, err := p.Quote(&t)
		return err == nil && q.Millionths <= millionths
	}
	if fits(usage.MaxTokens) {
		return usage.MaxTokens
	}
	least, most := int64(0), int64(usage.MaxTokens) // least fits or is 0, most does not
	for most-least > 1 {
		if middle := (least + most) / 2; fits(middle) {
			least = middle
		} else {
			most = middle
		}
	}
	return least
}
