package upstream

import (
	"encoding/json"
	"iter"
	"maps"
	"strings"
)

// responses is OpenAI's responses.
type responses struct{ chat }

func (responses) usage(a *answer) any {
	u := a.usage
	return a.report(object{
		"input_tokens": u.prompt(), "output_tokens": u.Output, "total_tokens": u.prompt() + u.Output,
		"input_tokens_details":  object{"cached_tokens": u.CacheRead, "cache_write_tokens": u.CacheWrite},
		"output_tokens_details": object{"reasoning_tokens": u.Reasoning},
	})
}

// response is what every answer and the events around it show of it: the request's
// instructions and tools are repeated, which makes long lines.
func (responses) response(a *answer, status string, output []object) object {
	p := &a.request.parsed
	tools := p.Tools
	if tools == nil {
		tools = []json.RawMessage{}
	}
	if output == nil {
		output = []object{}
	}
	return object{
		"id": "resp_" + a.id, "object": "response", "created_at": a.at.Unix(), "status": status, "background": false, "error": nil,
		"incomplete_details": nil, "instructions": p.Instructions, "max_output_tokens": nil, "model": a.request.Model, "output": output,
		"parallel_tool_calls": true, "previous_response_id": nil, "reasoning": object{"effort": nil, "summary": nil}, "service_tier": a.tier(),
		"store": false, "temperature": 1, "text": object{"format": object{"type": "text"}}, "tool_choice": "auto", "tools": tools, "top_p": 1,
		"truncation": "disabled", "usage": nil, "user": nil, "metadata": object{},
	}
}

// ended is the response at its end.
func (w responses) ended(a *answer, output []object) object {
	status := "completed"
	if a.cut {
		status = "incomplete"
	}
	made := w.response(a, status, output)
	if a.cut {
		made["incomplete_details"] = object{"reason": "max_output_tokens"}
	}
	made["usage"] = w.usage(a)
	return made
}

// The items of an output.
func thinking(a *answer) object {
	return object{"id": "rs_" + a.id, "type": "reasoning", "summary": []any{}, "encrypted_content": "ZGVtbw=="}
}

func searching(a *answer) object {
	return object{"id": "ws_" + a.id, "type": "web_search_call", "status": "completed", "action": object{"type": "search", "query": "demo"}}
}

func calling(a *answer, status, arguments string) object {
	return object{"id": "fc_" + a.id, "type": "function_call", "status": status, "call_id": "call_" + a.id, "name": a.tool.Name, "arguments": arguments}
}

func writing(a *answer, status string, content ...object) object {
	if content == nil {
		content = []object{}
	}
	return object{"id": "msg_" + a.id, "type": "message", "status": status, "role": "assistant", "content": content}
}

func textPart(text string) object {
	return object{"type": "output_text", "annotations": []any{}, "logprobs": []any{}, "text": text}
}

func (w responses) body(a *answer) object {
	var output []object
	if a.thought > 0 {
		join(a.thoughts())
		output = append(output, thinking(a))
	}
	for range min(a.usage.WebSearches, 1000) {
		output = append(output, searching(a))
	}
	if a.tool != nil {
		output = append(output, calling(a, "completed", join(a.arguments())))
	} else {
		output = append(output, writing(a, "completed", textPart(join(a.words()))))
	}
	return w.ended(a, output)
}

func (w responses) events(a *answer) iter.Seq[event] {
	return func(yield func(event) bool) {
		number := 0
		e := &emitter{yield: func(ev event) bool {
			ev.data.(object)["sequence_number"] = number
			number++
			return yield(ev)
		}}
		e.emit("response.created", object{"response": w.response(a, "in_progress", nil)})
		e.emit("response.in_progress", object{"response": w.response(a, "in_progress", nil)})
		var made []object
		item := func(begun object, inside func(at object) object) {
			at := object{"output_index": len(made)}
			e.emit("response.output_item.added", with(at, "item", begun))
			if e.left {
				return
			}
			done := inside(at)
			made = append(made, done)
			e.emit("response.output_item.done", with(at, "item", done))
		}
		if a.thought > 0 {
			item(thinking(a), func(object) object { join(a.thoughts()); return thinking(a) })
		}
		for range min(a.usage.WebSearches, 1000) {
			item(searching(a), func(object) object { return searching(a) })
		}
		if a.tool != nil {
			item(calling(a, "in_progress", ""), func(at object) object { return w.arguments(a, e, at) })
		} else {
			item(writing(a, "in_progress"), func(at object) object { return w.text(a, e, at) })
		}
		name := "response.completed"
		if a.cut {
			name = "response.incomplete"
		}
		if !e.left {
			e.emit(name, object{"response": w.ended(a, made)}, closing)
		}
	}
}

// text sends the text of a message.
func (responses) text(a *answer, e *emitter, at object) object {
	at = with(with(at, "item_id", "msg_"+a.id), "content_index", 0)
	e.emit("response.content_part.added", with(at, "part", textPart("")))
	var all strings.Builder
	for word := range a.words() {
		if !a.script.Endless {
			all.WriteString(word)
		}
		e.emit("response.output_text.delta", with(with(at, "delta", word), "logprobs", []any{}), output)
		if e.left {
			break
		}
	}
	whole := all.String()
	e.emit("response.output_text.done", with(with(at, "text", whole), "logprobs", []any{}), closing)
	e.emit("response.content_part.done", with(at, "part", textPart(whole)), closing)
	return writing(a, "completed", textPart(whole))
}

// arguments sends the arguments of a tool's call.
func (responses) arguments(a *answer, e *emitter, at object) object {
	at = with(at, "item_id", "fc_"+a.id)
	for piece := range a.arguments() {
		e.emit("response.function_call_arguments.delta", with(at, "delta", piece), output)
		if e.left {
			break
		}
	}
	e.emit("response.function_call_arguments.done", with(at, "arguments", a.tool.Arguments), closing)
	return calling(a, "completed", a.tool.Arguments)
}

// with is a copy of an object with one more field.
func with(o object, name string, value any) object {
	o = maps.Clone(o)
	o[name] = value
	return o
}

func (w responses) failed(a *answer, f failure) []event {
	if f.code == "" {
		f.code = "server_is_overloaded"
	}
	failed := w.response(a, "failed", nil)
	failed["error"] = object{"code": f.code, "message": f.message}
	return []event{{name: "response.failed", data: object{"type": "response.failed", "sequence_number": 99, "response": failed}}}
}
