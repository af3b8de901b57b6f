package gateway

import (
	"bytes"
	"fmt"

	"codexible/usage"
)

// Bounds of what is read of a body.
const (
	// maxModelName is more than the name of any model has.
	maxModelName = 1 << 10
	// maxChoices is more than any provider takes; what is above counts as this.
	maxChoices = 1 << 20
)

// What a chat stream is changed with, so that it ends with its usage.
const (
	askUsage    = `{"include_usage":true}`
	askInside   = `"include_usage":true`
	askInObject = `"stream_options":` + askUsage + `,`
)

// inspect reads a request's body in one pass and without a copy.
func inspect(e Endpoint, body []byte) (inspected, error) {
	i := inspector{cursor: cursor{data: body}, endpoint: e, wire: e.Wire()}
	if len(bytes.TrimSpace(body)) == 0 {
		return inspected{}, badBody("The body is empty. Send a JSON object with the field model.")
	}
	if i.peek() != '{' {
		return inspected{}, badBody("The body is not a JSON object. Send one with the field model.")
	}
	i.body()
	if i.problem != nil {
		return inspected{}, i.problem
	}
	if !i.whole() {
		why := "is not valid JSON"
		if i.depth > maxDepth {
			why = fmt.Sprintf("is nested deeper than %d levels", maxDepth)
		}
		return inspected{}, badBody(fmt.Sprintf("The body %s, at byte %d. Correct it and send the request again.", why, i.at+1))
	}
	return i.result()
}

func badBody(sentence string) *Refusal { return &Refusal{Reason: ReasonBody, Message: sentence} }

// inspector is the state of one inspection.
type inspector struct {
	cursor
	endpoint Endpoint
	wire     usage.Wire
	in       inspected
	// seen are the fields that were read and may be there once.
	seen field
	// prompts is how many prompts a completion has.
	prompts int64
	// mediaBytes is what the media have of the body.
	mediaBytes int64
	// problem is the first thing that is wrong beside the form of the JSON.
	problem *Refusal
}

// field is a field that decides something: parsers differ in which of two they take.
type field uint16

const (
	fieldModel field = 1 << iota
	fieldStream
	fieldStreamOptions
	fieldIncludeUsage
	fieldN
	fieldBestOf
	fieldMaxTokens
	fieldMaxOutputTokens
	fieldMaxCompletionTokens
	fieldPrompt
)

// once notes that a field was read, and refuses a body that has it twice.
func (i *inspector) once(f field, name string) {
	if i.seen&f != 0 {
		i.wrongf("The body has the field %s twice. Send it once.", name)
	}
	i.seen |= f
}

// wrongf refuses the body, and ends its inspection.
func (i *inspector) wrongf(format string, args ...any) {
	if !i.bad && i.problem == nil {
		i.problem = badBody(fmt.Sprintf(format, args...))
	}
	i.bad = true
}

// share notes that the body refers to what a provider keeps.
func (i *inspector) share(name string) {
	if i.in.shared == "" {
		i.in.shared = name
	}
}

// body reads the fields of the body itself.
func (i *inspector) body() {
	i.in.choices, i.in.usageAsked, i.prompts = 1, true, 1
	first := i.at + 1
	i.in.usageAt, i.in.usageEdit = [2]int{first, first}, askInObject
	for in := i.open('{'); in && i.next('}'); {
		key := i.key()
		if i.bad || i.sharing(key) || i.counting(key) {
			continue
		}
		switch string(key) {
		case "model":
			i.model()
		case "stream":
			i.stream()
		case "stream_options":
			i.once(fieldStreamOptions, "stream_options")
			i.streamOptions()
		case "prompt_cache_key":
			i.session(false)
		case "metadata":
			i.metadata()
		default:
			if bytes.EqualFold(key, []byte("model")) {
				i.wrongf("The body has the field %q. Write it model.", key)
			}
			i.member(key, top)
		}
	}
}

// result is what was found, when all of the body has been read.
func (i *inspector) result() (inspected, error) {
	in := &i.in
	if i.seen&fieldModel == 0 {
		return inspected{}, badBody("The body has no model. Send the field model with a name that GET /v1/models lists.")
	}
	in.text = int64(len(i.data)) - i.mediaBytes
	in.choices = min(in.choices*i.prompts, maxChoices)
	in.usageAsked = in.usageAsked && i.seen&fieldStreamOptions != 0 ||
		!in.stream || i.endpoint != ChatCompletions && i.endpoint != Completions
	if in.usageAsked {
		in.usageAt, in.usageEdit = [2]int{}, ""
	}
	return *in, nil
}

func (i *inspector) model() {
	i.once(fieldModel, "model")
	i.peek()
	start := i.at
	raw, ok := i.text()
	name := unescaped(raw)
	switch {
	case i.bad:
	case !ok || len(raw) == 0:
		i.wrongf("The field model is not the name of a model. Send one that GET /v1/models lists.")
	case len(name) > maxModelName || name == nil:
		i.bad, i.problem = true, &Refusal{Reason: ReasonModel, Message: "No model has a name as long as this. Send one that GET /v1/models lists."}
	default:
		i.in.model, i.in.modelAt = string(name), [2]int{start, i.at}
	}
}

func (i *inspector) stream() {
	i.once(fieldStream, "stream")
	switch string(i.raw()) {
	case "true":
		i.in.stream = true
	case "false", "null":
	default:
		i.wrongf("The field stream is neither true nor false. Correct it and send the request again.")
	}
}

// streamOptions reads where a chat stream is changed to end with its usage. What is no object
// is left for the upstream to refuse.
func (i *inspector) streamOptions() {
	switch i.peek() {
	case 'n':
		start := i.at
		i.skip()
		i.askUsage(start, i.at, askUsage)
		return
	case '{':
	default:
		i.skip()
		return
	}
	inside, found, others := i.at+1, false, false
	for in := i.open('{'); in && i.next('}'); {
		if string(i.key()) != "include_usage" {
			others = true
			i.skip()
			continue
		}
		i.once(fieldIncludeUsage, "include_usage")
		found = true
		value := i.raw()
		if string(value) == "false" || string(value) == "null" {
			i.askUsage(i.at-len(value), i.at, "true")
		}
	}
	switch {
	case found:
	case others:
		i.askUsage(inside, inside, askInside+",")
	default:
		i.askUsage(inside, inside, askInside)
	}
}

func (i *inspector) askUsage(from, to int, edit string) {
	i.in.usageAsked, i.in.usageAt, i.in.usageEdit = false, [2]int{from, to}, edit
}

// session reads a name of a session. prompt_cache_key comes before metadata.user_id.
func (i *inspector) session(second bool) {
	if name := i.word(); len(name) > 0 && len(name) <= maxWord && (!second || i.in.session == "") {
		i.in.session = string(name)
	}
}

func (i *inspector) metadata() {
	for in := i.open('{'); in && i.next('}'); {
		if string(i.key()) == "user_id" {
			i.session(true)
		} else {
			i.skip()
		}
	}
}

// sharing reads the fields that refer to what a provider keeps, if key is one.
func (i *inspector) sharing(key []byte) bool {
	switch string(key) {
	case "background":
		if value := i.raw(); string(value) != "false" && string(value) != "null" {
			i.share(string(key))
		}
	case "previous_response_id", "conversation", "container":
		if i.peek() != 'n' {
			i.share(string(key))
		}
		i.walk(anyObject)
	case "prompt":
		if i.wire != usage.Responses {
			return false
		}
		if i.peek() != 'n' {
			i.share(string(key))
		}
		i.walk(anyObject)
	case "mcp_servers":
		if !i.empty() {
			i.host("mcp")
		}
	default:
		return false
	}
	return true
}

// counting reads the fields that say how much is generated, if key is one.
func (i *inspector) counting(key []byte) bool {
	switch string(key) {
	case "n":
		i.once(fieldN, "n")
		i.choices("n")
	case "best_of":
		i.once(fieldBestOf, "best_of")
		i.choices("best_of")
	case "max_tokens":
		i.once(fieldMaxTokens, "max_tokens")
		i.maxOutput()
	case "max_output_tokens":
		i.once(fieldMaxOutputTokens, "max_output_tokens")
		i.maxOutput()
	case "max_completion_tokens":
		i.once(fieldMaxCompletionTokens, "max_completion_tokens")
		i.maxOutput()
	case "prompt":
		i.once(fieldPrompt, "prompt")
		if i.endpoint != Completions || i.peek() != '[' {
			i.walk(anyObject)
			break
		}
		i.countPrompts()
	default:
		return false
	}
	return true
}

func (i *inspector) choices(name string) {
	if i.peek() == 'n' {
		i.skip()
		return
	}
	n, ok := i.number()
	if !ok {
		i.wrongf("The field %s is not a whole number. Correct it and send the request again.", name)
	}
	i.in.choices = max(i.in.choices, min(n, maxChoices))
}

func (i *inspector) maxOutput() {
	if n, ok := i.number(); ok {
		i.in.maxOutput = max(i.in.maxOutput, n)
	}
}

// countPrompts counts the prompts of a list. A list of numbers is one prompt of tokens.
func (i *inspector) countPrompts() {
	count := int64(0)
	for in := i.open('['); in && i.next(']'); {
		if b := i.peek(); b == '"' || b == '[' {
			count++
		}
		i.walk(anyObject)
	}
	i.prompts = min(max(count, 1), maxChoices)
}
