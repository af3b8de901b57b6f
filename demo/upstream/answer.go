package upstream

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"
)

// object is a JSON object.
type object = map[string]any

// answer is what a model writes.
type answer struct {
	id      string
	at      time.Time
	request *Request
	script  Script
	text    []string // words, each with the space before it
	thought int      // words of reasoning
	tool    *Tool
	usage   Usage // Output and Reasoning grow as they are sent
	cut     bool  // the request's maximum ended the text
}

// prose is what models write.
const prose = "The function reads the file once, keeps every line in order and returns the first error that it meets. " +
	"A test shows both cases. I changed nothing else, and the whole suite passes. "

// maxWords is how long an answer is at most, unless it is endless.
const maxWords = 1 << 20

var vocabulary = strings.Fields(prose)

func newAnswer(r *Request, s Script, at time.Time) *answer {
	a := &answer{
		id: fmt.Sprintf("%012x%06x", at.UnixMicro(), r.Number), at: at, request: r, script: s,
		usage: Usage{
			Input: r.InputWords, CacheRead: s.CacheRead, CacheWrite: s.CacheWrite, CacheWriteHour: s.CacheWriteHour,
			WebSearches: s.WebSearches,
		},
	}
	if s.Tool != nil && r.ToolResult == "" {
		a.tool = call(*s.Tool, r.parsed.functions)
	}
	if a.tool == nil {
		a.text = a.write(s)
	}
	a.thought = min(max(s.Reasoning, 0), maxWords)
	if limit := int(min(r.MaxOutput, math.MaxInt32)); limit > 0 && a.tool == nil && len(a.text)+a.thought > limit {
		a.thought = min(a.thought, limit-1)
		a.text, a.cut = a.text[:limit-a.thought], true
	}
	return a
}

// write makes up the text.
func (a *answer) write(s Script) []string {
	var text []string
	if result := a.request.ToolResult; result != "" {
		text = strings.Fields("The tool answered: " + result[:min(len(result), 2000)])
	}
	n := min(s.Words, maxWords)
	if n <= 0 {
		n = DefaultWords
	}
	for i := range n {
		text = append(text, vocabulary[i%len(vocabulary)])
	}
	for i := range text[1:] {
		text[i+1] = " " + text[i+1]
	}
	return text
}

// words are the words of the answer; each is counted as it is taken.
func (a *answer) words() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < len(a.text) || a.script.Endless; i++ {
			word := " " + vocabulary[i%len(vocabulary)]
			if i < len(a.text) {
				word = a.text[i]
			}
			a.usage.Output++
			if !yield(word) {
				return
			}
		}
	}
}

// thoughts are the words of the reasoning; each is counted as it is taken.
func (a *answer) thoughts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range a.thought {
			a.usage.Output++
			a.usage.Reasoning++
			if !yield(vocabulary[i%len(vocabulary)] + " ") {
				return
			}
		}
	}
}

// argument pieces of the tool's call; each is counted as it is taken.
func (a *answer) arguments() iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := a.tool.Arguments; rest != ""; {
			n := min(len(rest), 4)
			a.usage.Output++
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// join takes all of a sequence.
func join(words iter.Seq[string]) string {
	var all strings.Builder
	for w := range words {
		all.WriteString(w)
	}
	return all.String()
}

// report is the usage as the answer shows it: what the script says in its place, or own; nil for none.
func (a *answer) report(own object) any {
	switch {
	case a.script.NoUsage:
		return nil
	case a.script.Usage != "":
		return json.RawMessage(a.script.Usage)
	}
	return own
}

// tier is the service tier that served the request.
func (a *answer) tier() string {
	switch t := a.request.parsed.ServiceTier; t {
	case "flex", "priority":
		return t
	}
	return "default"
}

// commands are the tools of agents that run a command, with arguments for each.
var commands = []Tool{
	{"exec_command", `{"cmd":"echo codexible-demo"}`},
	{"shell_command", `{"command":"echo codexible-demo"}`},
	{"shell", `{"command":["bash","-lc","echo codexible-demo"]}`},
	{"run_commands", `{"commands":["echo codexible-demo"]}`},
	{"Bash", `{"command":"echo codexible-demo","description":"Print a word"}`},
	{"bash", `{"command":"echo codexible-demo","description":"Print a word"}`},
}

// call is the call of a tool that the request offers; nil where there is none.
func call(want Tool, offered []function) *Tool {
	find := func(name string) *function {
		for i := range offered {
			if offered[i].name == name {
				return &offered[i]
			}
		}
		return nil
	}
	if want.Name == "" {
		for _, c := range commands {
			if find(c.Name) != nil {
				return &c
			}
		}
		if len(offered) == 0 {
			return nil
		}
		want.Name = offered[0].name
	}
	f := find(want.Name)
	if f == nil {
		return nil
	}
	if want.Arguments == "" {
		var schema map[string]any
		_ = json.Unmarshal(f.schema, &schema) // without a schema the arguments are empty
		made, err := json.Marshal(example(schema, 0))
		if err != nil {
			panic(err) // made of maps, strings and numbers
		}
		want.Arguments = string(made)
	}
	return &want
}

// example is a value as a schema wants it, with its required properties alone.
func example(schema map[string]any, depth int) any {
	if choices, ok := schema["enum"].([]any); ok && len(choices) > 0 {
		return choices[0]
	}
	switch schema["type"] {
	case "string":
		return "demo"
	case "number", "integer":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	}
	made := object{}
	required, _ := schema["required"].([]any)
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range required {
		if name, ok := name.(string); ok && depth < 8 {
			property, _ := properties[name].(map[string]any)
			made[name] = example(property, depth+1)
		}
	}
	return made
}
