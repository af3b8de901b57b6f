package upstream

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Break is how an answer breaks off.
type Break uint8

// How an answer breaks off.
const (
	// Whole answers do not.
	Whole Break = iota
	// CutBefore closes the connection before anything is answered.
	CutBefore
	// Cut closes the connection inside the answer.
	Cut
	// End ends the stream as if nothing was missing.
	End
	// Fail reports a failure inside the stream, whose status is 200.
	Fail
)

// DefaultWords is how many words an answer has unless its script says otherwise.
const DefaultWords = 12

// Script is how a request is answered. The zero value answers with DefaultWords words at once.
type Script struct {
	// Words is how many words the answer has, Reasoning how many the model thinks before them;
	// an Endless answer goes on until the client leaves.
	Words, Reasoning int
	Endless          bool
	// Tool is called where the request has tools and no result of one yet.
	Tool *Tool
	// CacheRead, CacheWrite, CacheWriteHour and WebSearches are reported beside the prompt's words.
	CacheRead, CacheWrite, CacheWriteHour, WebSearches int64
	// Usage is the JSON that stands in place of the usage; NoUsage leaves it out.
	Usage   string
	NoUsage bool

	// Status refuses the request with a status from 400 to 599; the others are what the refusal, or a stream
	// that fails, says in place of what a vendor says. Header is added to any answer.
	Status              int
	Type, Code, Message string
	RetryAfter          string
	Header              map[string]string

	// Wait goes by before the head of the answer, Silence between the opening of a stream and
	// its first output, Pause before each event with output.
	Wait, Silence, Pause time.Duration
	// Before is called before each event of a stream, counted from 0, and may wait; nil for nothing.
	Before func(ctx context.Context, event int)

	// Break is how the answer breaks off, after After events with output, or at the end of the
	// output where there are fewer; after the event that opens the stream where After is negative.
	// An answer that is not streamed is Cut in its middle.
	Break Break
	After int

	// Chunk is how many bytes of a stream are written at once; 0 for an event.
	Chunk int
	// LineEnd ends the lines of a stream in place of a line feed.
	LineEnd string
	// Padding is how many bytes are added to the first event, or to the body.
	Padding int
	// Gzip compresses the answer, whether the client asked for it or not.
	Gzip bool

	// Times is how many requests for the model are answered so, and the next as if nothing was said;
	// 0 for all. Script of Options is always asked.
	Times int
}

// Tool is a call of a function. Without a name it is one of those that run a command, or
// the first; without arguments they are made up as its schema wants them.
type Tool struct{ Name, Arguments string }

// directives are what may follow the name of a model, each behind a colon.
var directives = map[string]func(s *Script, value string){
	"words":     func(s *Script, v string) { s.Words = number(v) },
	"reasoning": func(s *Script, v string) { s.Reasoning = number(v) },
	"endless":   func(s *Script, _ string) { s.Endless = true },
	"tool":      func(s *Script, v string) { s.Tool = &Tool{Name: v} },
	"cached":    func(s *Script, v string) { s.CacheRead = int64(number(v)) },
	"written":   func(s *Script, v string) { s.CacheWrite = int64(number(v)) },
	"searches":  func(s *Script, v string) { s.WebSearches = int64(number(v)) },
	"nousage":   func(s *Script, _ string) { s.NoUsage = true },
	"absurd":    func(s *Script, _ string) { s.Usage = absurd },
	"status":    func(s *Script, v string) { s.Status = number(v) },
	"retry":     func(s *Script, v string) { s.RetryAfter = v },
	"type":      func(s *Script, v string) { s.Type = v },
	"code":      func(s *Script, v string) { s.Code = v },
	"final":     func(s *Script, _ string) { s.Header = map[string]string{"X-Should-Retry": "false"} },
	"wait":      func(s *Script, v string) { s.Wait = milliseconds(v) },
	"silence":   func(s *Script, v string) { s.Silence = milliseconds(v) },
	"pause":     func(s *Script, v string) { s.Pause = milliseconds(v) },
	"gone":      func(s *Script, _ string) { s.Break = CutBefore },
	"cut":       func(s *Script, v string) { s.Break, s.After = Cut, number(v) },
	"end":       func(s *Script, v string) { s.Break, s.After = End, number(v) },
	"fail":      func(s *Script, v string) { s.Break, s.After = Fail, number(v) },
	"chunk":     func(s *Script, v string) { s.Chunk = number(v) },
	"crlf":      func(s *Script, _ string) { s.LineEnd = "\r\n" },
	"cr":        func(s *Script, _ string) { s.LineEnd = "\r" },
	"padding":   func(s *Script, v string) { s.Padding = number(v) },
	"gzip":      func(s *Script, _ string) { s.Gzip = true },
	"times":     func(s *Script, v string) { s.Times = number(v) },
}

// absurd is a usage that no request has.
const absurd = `{"prompt_tokens": -7, "completion_tokens": 1e30, "total_tokens": "many", "input_tokens": -7, "output_tokens": 99999999999999999999}`

// ParseScript reads what the name of a model says behind its first colon: directives,
// each with a value behind a hyphen where it needs one, as in demo:words-40:cut-3 or
// demo:status-429:retry-2:times-1. Times are in milliseconds. What is not known is passed over.
func ParseScript(model string) Script {
	var s Script
	_, rest, _ := strings.Cut(model, ":")
	for part := range strings.SplitSeq(rest, ":") {
		name, value, _ := strings.Cut(part, "-")
		if apply := directives[name]; apply != nil {
			apply(&s, value)
		}
	}
	return s
}

// number reads what is at most 16 Mi; 0 for anything else.
func number(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 16<<20 {
		return 0
	}
	return n
}

func milliseconds(v string) time.Duration { return time.Duration(number(v)) * time.Millisecond }

// Usage is what a call used, in disjoint parts; a word is a token. A call of a tool has a
// token for each four bytes of its arguments, begun ones included.
type Usage struct {
	// Input is what was read of the prompt and neither came from a cache nor went into one.
	Input, CacheRead, CacheWrite, CacheWriteHour int64
	// Output includes Reasoning.
	Output, Reasoning int64
	WebSearches       int64
}

// prompt is the whole input, as OpenAI counts it.
func (u Usage) prompt() int64 { return u.Input + u.CacheRead + u.CacheWrite + u.CacheWriteHour }
