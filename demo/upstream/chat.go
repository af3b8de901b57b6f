package upstream

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"iter"
	"math"
	"net/http"
)

// chat is OpenAI's chat completions.
type chat struct{}

// choices is how many answers the request wants; each has the same words and costs as many.
func (r *Request) choices() int { return min(max(r.parsed.N, 1), 16) }

func (chat) usage(a *answer) any {
	u := a.usage
	return a.report(object{
		"prompt_tokens": u.prompt(), "completion_tokens": u.Output, "total_tokens": u.prompt() + u.Output,
		"prompt_tokens_details":     object{"cached_tokens": u.CacheRead, "cache_write_tokens": u.CacheWrite, "audio_tokens": 0},
		"completion_tokens_details": object{"reasoning_tokens": u.Reasoning, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
	})
}

// reason is why the model stopped.
func (chat) reason(a *answer) string {
	switch {
	case a.tool != nil:
		return "tool_calls"
	case a.cut:
		return "length"
	}
	return "stop"
}

func (c chat) body(a *answer) object {
	var choices []object
	for i := range a.request.choices() {
		join(a.thoughts())
		message := object{"role": "assistant", "content": nil, "refusal": nil, "annotations": []any{}}
		if a.tool != nil {
			message["tool_calls"] = []object{{
				"id": "call_" + a.id, "type": "function", "function": object{"name": a.tool.Name, "arguments": join(a.arguments())},
			}}
		} else {
			message["content"] = join(a.words())
		}
		choices = append(choices, object{"index": i, "message": message, "logprobs": nil, "finish_reason": c.reason(a)})
	}
	made := object{
		"id": "chatcmpl-" + a.id, "object": "chat.completion", "created": a.at.Unix(), "model": a.request.Model,
		"choices": choices, "service_tier": a.tier(), "system_fingerprint": "fp_demo",
	}
	if usage := c.usage(a); usage != nil {
		made["usage"] = usage
	}
	return made
}

func (c chat) events(a *answer) iter.Seq[event] {
	return func(yield func(event) bool) {
		asked := a.request.parsed.StreamOptions.IncludeUsage
		chunk := func(choices []object) object {
			made := object{
				"id": "chatcmpl-" + a.id, "object": "chat.completion.chunk", "created": a.at.Unix(), "model": a.request.Model,
				"choices": choices, "service_tier": a.tier(), "system_fingerprint": "fp_demo",
			}
			if asked {
				made["usage"] = nil
			}
			return made
		}
		delta := func(i int, delta object, reason any) object {
			return chunk([]object{{"index": i, "delta": delta, "logprobs": nil, "finish_reason": reason}})
		}
		for i := range a.request.choices() {
			if !yield(event{data: delta(i, object{"role": "assistant", "content": "", "refusal": nil}, nil)}) || !c.deltas(a, i, delta, yield) {
				return
			}
			if !yield(event{data: delta(i, object{}, c.reason(a)), closing: i == a.request.choices()-1}) {
				return
			}
		}
		if usage := c.usage(a); asked && usage != nil {
			last := chunk([]object{})
			last["usage"] = usage
			if !yield(event{data: last, closing: true}) {
				return
			}
		}
		yield(event{data: "[DONE]", closing: true})
	}
}

// deltas are what the model writes of one choice.
func (chat) deltas(a *answer, i int, delta func(int, object, any) object, yield func(event) bool) bool {
	join(a.thoughts()) // OpenAI counts its reasoning and does not show it
	if a.tool == nil {
		for word := range a.words() {
			if !yield(event{data: delta(i, object{"content": word}, nil), output: true}) {
				return false
			}
		}
		return true
	}
	begun := object{"index": 0, "id": "call_" + a.id, "type": "function", "function": object{"name": a.tool.Name, "arguments": ""}}
	if !yield(event{data: delta(i, object{"tool_calls": []object{begun}}, nil), output: true}) {
		return false
	}
	for piece := range a.arguments() {
		part := object{"index": 0, "function": object{"arguments": piece}}
		if !yield(event{data: delta(i, object{"tool_calls": []object{part}}, nil), output: true}) {
			return false
		}
	}
	return true
}

func (c chat) failed(_ *answer, f failure) []event {
	if f.kind == "" {
		f.kind = "server_error"
	}
	return []event{{data: c.refusal(f, "")}}
}

// kinds are the types and codes of OpenAI's errors.
var kinds = map[int][2]string{
	http.StatusUnauthorized:        {"invalid_request_error", "invalid_api_key"},
	http.StatusForbidden:           {"invalid_request_error", "unsupported_country_region_territory"},
	http.StatusTooManyRequests:     {"requests", "rate_limit_exceeded"},
	http.StatusInternalServerError: {"server_error", ""},
	http.StatusBadGateway:          {"server_error", ""},
	http.StatusServiceUnavailable:  {"server_error", "server_is_overloaded"},
}

func (chat) refusal(f failure, _ string) object {
	known, ok := kinds[f.status]
	if !ok {
		known = [2]string{"invalid_request_error", ""}
	}
	if f.kind == "" {
		f.kind = known[0]
	}
	if f.code == "" {
		f.code = known[1]
	}
	var code any
	if f.code != "" {
		code = f.code
	}
	return object{"error": object{"message": f.message, "type": f.kind, "param": f.param, "code": code}}
}

// completions is OpenAI's older endpoint, which goes on with a text.
type completions struct{ chat }

func (c completions) body(a *answer) object {
	var choices []object
	for i := range a.request.choices() {
		choices = append(choices, object{"index": i, "text": join(a.words()), "logprobs": nil, "finish_reason": c.reason(a)})
	}
	// The best of several are sent, and all of them are paid for.
	for range min(a.request.parsed.BestOf, 16) - len(choices) {
		join(a.words())
	}
	made := object{"id": "cmpl-" + a.id, "object": "text_completion", "created": a.at.Unix(), "model": a.request.Model, "choices": choices}
	if usage := c.usage(a); usage != nil {
		made["usage"] = usage
	}
	return made
}

func (c completions) events(a *answer) iter.Seq[event] {
	return func(yield func(event) bool) {
		asked := a.request.parsed.StreamOptions.IncludeUsage
		chunk := func(choices []object) object {
			made := object{"id": "cmpl-" + a.id, "object": "text_completion", "created": a.at.Unix(), "model": a.request.Model, "choices": choices}
			if asked {
				made["usage"] = nil
			}
			return made
		}
		for i := range a.request.choices() {
			for word := range a.words() {
				if !yield(event{data: chunk([]object{{"index": i, "text": word, "logprobs": nil, "finish_reason": nil}}), output: true}) {
					return
				}
			}
			last := []object{{"index": i, "text": "", "logprobs": nil, "finish_reason": c.reason(a)}}
			if !yield(event{data: chunk(last), closing: i == a.request.choices()-1}) {
				return
			}
		}
		if usage := c.usage(a); asked && usage != nil {
			last := chunk([]object{})
			last["usage"] = usage
			if !yield(event{data: last, closing: true}) {
				return
			}
		}
		yield(event{data: "[DONE]", closing: true})
	}
}

// embeddings is OpenAI's answer with a vector for each text.
func embeddings(a *answer) object {
	p := &a.request.parsed
	count := 1
	var many []json.RawMessage
	if json.Unmarshal(p.Input, &many) == nil {
		count = min(max(len(many), 1), 2048)
	}
	dimensions := p.Dimensions
	if dimensions <= 0 || dimensions > 4096 {
		dimensions = 8
	}
	data := make([]object, count)
	for i := range data {
		vector := make([]float32, dimensions)
		packed := make([]byte, 0, 4*dimensions)
		for j := range vector {
			vector[j] = float32(math.Sin(float64(i + j + 1)))
			packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(vector[j]))
		}
		data[i] = object{"object": "embedding", "index": i, "embedding": vector}
		if p.EncodingFormat == "base64" {
			data[i]["embedding"] = base64.StdEncoding.EncodeToString(packed)
		}
	}
	made := object{"object": "list", "data": data, "model": a.request.Model}
	if usage := a.report(object{"prompt_tokens": a.usage.prompt(), "total_tokens": a.usage.prompt()}); usage != nil {
		made["usage"] = usage
	}
	return made
}
