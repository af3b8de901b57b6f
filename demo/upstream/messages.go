package upstream

import (
	"encoding/json"
	"iter"
	"net/http"
)

// messages is Anthropic's messages.
type messages struct{}

func (messages) usage(a *answer, output int64) any {
	u := a.usage
	return a.report(object{
		"input_tokens": u.Input, "cache_read_input_tokens": u.CacheRead, "cache_creation_input_tokens": u.CacheWrite + u.CacheWriteHour,
		"cache_creation": object{"ephemeral_5m_input_tokens": u.CacheWrite, "ephemeral_1h_input_tokens": u.CacheWriteHour},
		"output_tokens":  output, "service_tier": "standard", "inference_geo": "not_available",
	})
}

// final is the usage of the last events: what message_start said, and the output.
func (w messages) final(a *answer) any {
	usage := w.usage(a, a.usage.Output)
	if own, ok := usage.(object); ok {
		own["output_tokens_details"] = object{"thinking_tokens": a.usage.Reasoning}
		own["server_tool_use"] = object{"web_search_requests": a.usage.WebSearches, "web_fetch_requests": 0}
	}
	return usage
}

func (messages) reason(a *answer) string {
	switch {
	case a.tool != nil:
		return "tool_use"
	case a.cut:
		return "max_tokens"
	}
	return "end_turn"
}

func (messages) message(a *answer, content []object) object {
	return object{
		"id": "msg_" + a.id, "type": "message", "role": "assistant", "model": a.request.Model, "content": content,
		"stop_reason": nil, "stop_sequence": nil,
	}
}

func (w messages) body(a *answer) object {
	content := []object{}
	if a.thought > 0 {
		content = append(content, object{"type": "thinking", "thinking": join(a.thoughts()), "signature": "ZGVtbw=="})
	}
	if a.tool != nil {
		content = append(content, object{"type": "tool_use", "id": "toolu_" + a.id, "name": a.tool.Name, "input": json.RawMessage(join(a.arguments()))})
	} else {
		content = append(content, object{"type": "text", "text": join(a.words())})
	}
	made := w.message(a, content)
	made["stop_reason"] = w.reason(a)
	if usage := w.final(a); usage != nil {
		made["usage"] = usage
	}
	return made
}

func (w messages) events(a *answer) iter.Seq[event] {
	return func(yield func(event) bool) {
		e := &emitter{yield: yield}
		begun := w.message(a, []object{})
		if usage := w.usage(a, 1); usage != nil {
			begun["usage"] = usage
		}
		e.emit("message_start", object{"message": begun})
		e.emit("ping", object{})
		w.blocks(a, e)
		if e.left {
			return
		}
		last := object{"delta": object{"stop_reason": w.reason(a), "stop_sequence": nil}}
		if usage := w.final(a); usage != nil {
			last["usage"] = usage
		}
		e.emit("message_delta", last, closing)
		e.emit("message_stop", object{}, closing)
	}
}

// blocks sends the blocks of the content.
func (messages) blocks(a *answer, e *emitter) {
	index := 0
	block := func(start object, pieces iter.Seq[string], delta func(piece string) object) {
		e.emit("content_block_start", object{"index": index, "content_block": start})
		if e.left {
			return
		}
		for piece := range pieces {
			if e.emit("content_block_delta", object{"index": index, "delta": delta(piece)}, output); e.left {
				return
			}
		}
		if start["type"] == "thinking" {
			e.emit("content_block_delta", object{"index": index, "delta": object{"type": "signature_delta", "signature": "ZGVtbw=="}})
			e.emit("content_block_stop", object{"index": index})
		} else {
			e.emit("content_block_stop", object{"index": index}, closing)
		}
		index++
	}
	if a.thought > 0 {
		block(object{"type": "thinking", "thinking": "", "signature": ""}, a.thoughts(),
			func(s string) object { return object{"type": "thinking_delta", "thinking": s} })
	}
	if a.tool != nil {
		block(object{"type": "tool_use", "id": "toolu_" + a.id, "name": a.tool.Name, "input": object{}}, a.arguments(),
			func(s string) object { return object{"type": "input_json_delta", "partial_json": s} })
	} else {
		block(object{"type": "text", "text": ""}, a.words(), func(s string) object { return object{"type": "text_delta", "text": s} })
	}
}

func (w messages) failed(_ *answer, f failure) []event {
	if f.kind == "" {
		f.kind = "overloaded_error"
	}
	return []event{{name: "error", data: object{"type": "error", "error": object{"type": f.kind, "message": f.message}}}}
}

// families are the types of Anthropic's errors.
var families = map[int]string{
	http.StatusUnauthorized:          "authentication_error",
	http.StatusPaymentRequired:       "billing_error",
	http.StatusForbidden:             "permission_error",
	http.StatusNotFound:              "not_found_error",
	http.StatusRequestEntityTooLarge: "request_too_large",
	http.StatusTooManyRequests:       "rate_limit_error",
	http.StatusInternalServerError:   "api_error",
	http.StatusBadGateway:            "api_error",
	http.StatusServiceUnavailable:    "overloaded_error",
	529:                              "overloaded_error",
}

func (messages) refusal(f failure, requestID string) object {
	kind, ok := families[f.status]
	if !ok {
		kind = "invalid_request_error"
	}
	if f.kind != "" {
		kind = f.kind
	}
	return object{"type": "error", "error": object{"type": kind, "message": f.message}, "request_id": requestID}
}
