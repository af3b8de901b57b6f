package usage

import (
	"bytes"
	"math"
	"strings"

	"github.com/tidwall/gjson"
)

// Wire is an API format in which a provider reports usage.
type Wire uint8

// The wires. Chat includes the other endpoints of the same form, such as embeddings.
const (
	Chat Wire = iota
	Responses
	Messages
)

// String names the wire as an upstream's configuration does.
func (w Wire) String() string { return [...]string{"chat", "responses", "messages"}[w] }

// Reported is how much of a call's usage the provider has reported.
type Reported uint8

// Of a call whose stream was cut there is, in messages, the prompt alone.
const (
	Nothing Reported = iota
	PromptOnly
	Whole
)

// Report collects the usage that a provider reports of one call. The zero value reads Chat.
//
// It is fed either the whole body of an answer or the data of each event of a stream, in
// order, and keeps the latest figures, but no part of what it was fed. A figure that is null or
// absent keeps its earlier value. To read the same data twice in a row changes nothing.
type Report struct {
	Wire Wire

	figures figures
	// compacted are the tokens of requests that are not in the figures; see report_messages.go.
	compacted figures
	reported  Reported
	tier      string
	badTier   bool
	fast      bool
	// partsAreOld says that the parts of the cache writes are of an earlier event than their sum.
	partsAreOld bool
	// searches are the web searches counted in items, lastItem the place of the latest of them, from 1.
	searches, lastItem int64
}

// A figure is one number of a usage object. An odd one was no whole number in its range.
type figure struct {
	n          int64
	known, odd bool
}

type figures [numFigures]figure

// The figures, named for what they become; the wires differ in what each includes.
const (
	promptFigure = iota
	cacheReadFigure
	cacheWriteFigure
	cacheWrite5mFigure
	cacheWrite1hFigure
	audioInputFigure
	completionFigure
	reasoningFigure
	audioOutputFigure
	totalFigure
	searchesFigure
	numFigures
)

// The figures come in groups: prompt, completion, searches. Each ends before the next begins.
var groups = [...][2]int{{promptFigure, completionFigure}, {completionFigure, searchesFigure}, {searchesFigure, numFigures}}

// paths says where a wire's usage object has its figures; the first that is there counts.
type paths [numFigures][]string

// maxUsageObject bounds the usage objects that are read; those of providers have 1 KiB at most.
const maxUsageObject = 64 << 10

// Read takes in the data of an event, or the body of an answer that is not streamed. Data
// without usage, of any other form, or cut off is passed over.
func (r *Report) Read(data []byte) {
	switch r.Wire {
	case Chat:
		r.readTier(data, "service_tier")
		// Most have it beside the choices, Moonshot in the first choice, Groq once had it in an object of its own.
		for _, path := range []string{"usage", "choices.0.usage", "x_groq.usage"} {
			if r.takeUsage(data, path, &openAIPaths[Chat]) {
				return
			}
		}
	case Responses:
		r.readTier(data, "response.service_tier", "service_tier")
		r.readSearches(data)
		if !r.takeUsage(data, "response.usage", &openAIPaths[Responses]) {
			r.takeUsage(data, "usage", &openAIPaths[Responses])
		}
	case Messages:
		r.readMessages(data)
	}
}

// Tokens is what the call used by the latest figures, and how much of it was reported; with
// Nothing, the tokens are zero. They pass Check, and are of one request. Every figure that was
// negative, not whole, above MaxTokens, or did not fit the others is replaced by the nearest
// one that does, and counted in Clamped.
func (r *Report) Tokens() (t Tokens, reported Reported) {
	if r.reported == Nothing {
		return Tokens{}, Nothing
	}
	c := clamp{}
	for _, f := range r.figures {
		c.mark(f.odd)
	}
	if r.Wire == Messages {
		r.messagesTokens(&t, &c)
	} else {
		r.openAITokens(&t, &c)
	}
	t.Requests = 1
	t.WebSearches = c.atMost(max(r.searches, r.figures[searchesFigure].n), MaxWebSearches)
	if t.ServiceTier = r.tier; r.fast {
		t.ServiceTier = fastTier
	}
	c.mark(r.badTier)
	t.Clamped = c.count
	return t, r.reported
}

// takeUsage takes in the usage object at a path of the data, and returns whether there is one.
func (r *Report) takeUsage(data []byte, path string, of *paths) bool {
	object, ok := usageObject(data, path)
	if ok {
		r.take(object, of, Whole)
	}
	return ok
}

// usageObject is the whole, valid object at a path of the data.
func usageObject(data []byte, path string) (object gjson.Result, ok bool) {
	if !bytes.Contains(data, []byte(`"usage"`)) {
		return object, false
	}
	object = gjson.GetBytes(data, path)
	return object, object.IsObject() && len(object.Raw) <= maxUsageObject && gjson.Valid(object.Raw)
}

func (r *Report) take(object gjson.Result, of *paths, reported Reported) {
	fresh := of.read(object)
	for _, group := range groups {
		r.figures.replace(&fresh, group[0], group[1])
	}
	for _, f := range fresh {
		if f.known {
			r.reported = max(r.reported, reported)
		}
	}
}

// replace puts fresh figures in the place of those of a group. A group of zeros replaces no
// other: some servers end a stream with an empty usage object after one with the figures.
func (f *figures) replace(fresh *figures, from, to int) {
	zeros := fresh.sum(from, to) == 0 && f.sum(from, to) > 0
	for i := from; i < to; i++ {
		switch next := fresh[i]; {
		case !zeros && (next.known || i == totalFigure): // a total says something of the figures beside it alone
			f[i] = next
		case next.odd:
			f[i].odd = true
		}
	}
}

func (f *figures) sum(from, to int) (sum int64) {
	for _, one := range f[from:to] {
		sum += one.n
	}
	return sum
}

func (p *paths) read(object gjson.Result) (f figures) {
	for i, alternatives := range p {
		for _, path := range alternatives {
			if value := object.Get(path); value.Type != gjson.Null {
				f[i] = figureOf(value)
				break
			}
		}
	}
	return f
}

// figureOf reads a number; 12.0 is 12. What is no number is not known.
func figureOf(value gjson.Result) figure {
	switch n := value.Num; {
	case value.Type != gjson.Number:
		return figure{odd: true}
	case n > MaxTokens:
		return figure{MaxTokens, true, true}
	case n >= 0:
		return figure{int64(n), true, n != math.Trunc(n)}
	default: // negative, or NaN
		return figure{0, true, true}
	}
}

// readTier takes in how the call was served; an answer may say so in events without usage.
func (r *Report) readTier(data []byte, paths ...string) {
	if !bytes.Contains(data, []byte(`"service_tier"`)) {
		return
	}
	for _, path := range paths {
		if value := gjson.GetBytes(data, path); value.Type != gjson.Null {
			r.setTier(value)
			return
		}
	}
}

func (r *Report) setTier(value gjson.Result) {
	switch {
	case value.Type == gjson.Null, value.Type == gjson.String && value.Str == "":
	case value.Type != gjson.String, !ValidTier(value.Str):
		r.badTier = true
	default:
		r.tier, r.badTier = strings.Clone(value.Str), false
	}
}

// clamp counts what it replaced.
type clamp struct{ count int64 }

func (c *clamp) mark(odd bool) {
	if odd {
		c.count++
	}
}

func (c *clamp) atMost(n, most int64) int64 {
	c.mark(n > most)
	return min(n, most)
}
