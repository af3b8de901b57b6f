package upstream

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Endpoint is what a path asks for, as the end of the path says.
type Endpoint string

// The endpoints.
const (
	Chat        Endpoint = "/chat/completions"
	Completions Endpoint = "/completions"
	Embeddings  Endpoint = "/embeddings"
	Responses   Endpoint = "/responses"
	Messages    Endpoint = "/messages"
	CountTokens Endpoint = "/messages/count_tokens"
	Models      Endpoint = "/models"
	unknown     Endpoint = ""
)

// endpoints are searched in this order: the longer of two that end alike comes first.
var endpoints = []Endpoint{Chat, Completions, Embeddings, Responses, CountTokens, Messages, Models}

// Request is a request as it arrived.
type Request struct {
	// Number counts the requests from 1, Nth those for the same model.
	Number, Nth         int
	Method, Path, Query string
	Endpoint            Endpoint
	Header              http.Header
	// Key is the credential that it was sent with.
	Key  string
	Body []byte
	// Model, Stream and MaxOutput are what the body says; MaxOutput is 0 for nothing.
	Model     string
	Stream    bool
	MaxOutput int64
	// InputWords is how many words the prompt has: a word is a token.
	InputWords int64
	// Tools are the names of the functions that the model may call.
	Tools []string
	// ToolResult is what a tool answered since the model wrote last; empty for nothing.
	ToolResult string

	parsed parsed
	fault  string // why the body cannot be read; empty for nothing
	one    string // the model that a path under /models names
}

// parsed is what the answers need of a body on any wire.
type parsed struct {
	Model               string            `json:"model"`
	Stream              bool              `json:"stream"`
	StreamOptions       streamOptions     `json:"stream_options"`
	N                   int               `json:"n"`
	BestOf              int               `json:"best_of"`
	MaxTokens           int64             `json:"max_tokens"`
	MaxCompletionTokens int64             `json:"max_completion_tokens"`
	MaxOutputTokens     int64             `json:"max_output_tokens"`
	Messages            []entry           `json:"messages"`
	Input               json.RawMessage   `json:"input"`
	Prompt              json.RawMessage   `json:"prompt"`
	System              json.RawMessage   `json:"system"`
	Instructions        json.RawMessage   `json:"instructions"`
	Tools               []json.RawMessage `json:"tools"`
	EncodingFormat      string            `json:"encoding_format"`
	Dimensions          int               `json:"dimensions"`
	ServiceTier         string            `json:"service_tier"`
	functions           []function
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// entry is a message of chat and messages, or an item of the input of responses.
type entry struct {
	Type    string          `json:"type"`
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
	Output  json.RawMessage `json:"output"`
}

// function is a tool that a model may call, with the schema of its arguments.
type function struct {
	name   string
	schema json.RawMessage
}

func read(r *http.Request, body []byte) Request {
	q := Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body, Key: credential(r.Header),
		Endpoint: unknown,
	}
	if i := slices.IndexFunc(endpoints, func(e Endpoint) bool { return strings.HasSuffix(r.URL.Path, string(e)) }); i >= 0 {
		q.Endpoint = endpoints[i]
	} else if _, id, ok := strings.Cut(r.URL.Path, string(Models)+"/"); ok {
		q.Endpoint, q.one = Models, id
	}
	if r.Method != http.MethodPost {
		return q
	}
	if err := json.Unmarshal(body, &q.parsed); err != nil {
		q.fault = "We could not parse the JSON body of your request: " + err.Error()
		return q
	}
	p := &q.parsed
	q.Model, q.Stream = p.Model, p.Stream
	q.MaxOutput = max(p.MaxTokens, p.MaxCompletionTokens, p.MaxOutputTokens)
	for _, m := range p.Messages {
		q.InputWords += words(m.Content)
	}
	for _, text := range []json.RawMessage{p.Input, p.Prompt, p.System, p.Instructions} {
		q.InputWords += words(text)
	}
	q.InputWords = max(q.InputWords, 1)
	p.functions = functions(p.Tools)
	for _, f := range p.functions {
		q.Tools = append(q.Tools, f.name)
	}
	q.ToolResult = toolResult(q.entries())
	q.fault = q.missing()
	return q
}

// missing says what a vendor's endpoint would miss in the body; empty for nothing.
func (r *Request) missing() string {
	p := &r.parsed
	switch {
	case p.Model == "":
		return "you must provide a model parameter"
	case r.Endpoint == Messages && p.MaxTokens <= 0:
		return "max_tokens: Field required"
	case (r.Endpoint == Chat || r.Endpoint == Messages || r.Endpoint == CountTokens) && len(p.Messages) == 0:
		return "messages: Field required"
	case (r.Endpoint == Responses || r.Endpoint == Embeddings) && len(p.Input) == 0:
		return "Missing required parameter: 'input'."
	}
	return ""
}

// entries are the messages, or the items of the input.
func (r *Request) entries() []entry {
	if r.Endpoint != Responses {
		return r.parsed.Messages
	}
	var items []entry
	if json.Unmarshal(r.parsed.Input, &items) != nil {
		return nil // a string
	}
	return items
}

// words counts the words of a prompt: its strings, and those in the fields that hold text.
func words(raw json.RawMessage) int64 {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return 0
	}
	var count func(v any) int64
	count = func(v any) (n int64) {
		switch v := v.(type) {
		case string:
			n = int64(len(strings.Fields(v)))
		case []any:
			for _, inner := range v {
				n += count(inner)
			}
		case map[string]any:
			for _, name := range []string{"text", "content", "output", "arguments", "thinking"} {
				n += count(v[name])
			}
		}
		return n
	}
	return count(v)
}

// functions are those of the tools that are functions with a schema.
func functions(tools []json.RawMessage) []function {
	var all []function
	for _, raw := range tools {
		var t struct {
			Type        string          `json:"type"`
			Name        string          `json:"name"`
			Parameters  json.RawMessage `json:"parameters"`
			InputSchema json.RawMessage `json:"input_schema"`
			Function    struct {
				Name       string          `json:"name"`
				Parameters json.RawMessage `json:"parameters"`
			} `json:"function"`
		}
		switch err := json.Unmarshal(raw, &t); {
		case err != nil:
		case t.Function.Name != "":
			all = append(all, function{t.Function.Name, t.Function.Parameters})
		case t.Type == "function" && t.Name != "":
			all = append(all, function{t.Name, t.Parameters})
		case t.InputSchema != nil && t.Name != "":
			all = append(all, function{t.Name, t.InputSchema})
		}
	}
	return all
}

// toolResult is the text that a tool answered behind the last thing that the model wrote.
func toolResult(entries []entry) string {
	for _, e := range slices.Backward(entries) {
		switch {
		case e.Role == "tool":
			return textOf(e.Content)
		case e.Type == "function_call_output" || e.Type == "custom_tool_call_output":
			return textOf(e.Output)
		case e.Role == "assistant" || e.Type == "function_call" || e.Type == "custom_tool_call":
			return ""
		}
		var blocks []entry
		if json.Unmarshal(e.Content, &blocks) != nil {
			continue // a string
		}
		for _, b := range slices.Backward(blocks) {
			if b.Type == "tool_result" {
				return textOf(b.Content)
			}
		}
	}
	return ""
}

// textOf is the text of a string or of blocks with text.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var blocks []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &blocks) != nil {
		return string(raw)
	}
	var all []string
	for _, b := range blocks {
		all = append(all, b.Text)
	}
	return strings.Join(all, "\n")
}
