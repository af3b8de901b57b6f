package gateway

import "bytes"

// chat is the wire of OpenAI's chat completions, and of the endpoints of the same form.
type chat struct{}

var chatDone = []byte("[DONE]")

func (chat) event(name, data []byte) (s signal) {
	if data == nil {
		return signal{}
	}
	if bytes.Equal(bytes.TrimSpace(data), chatDone) {
		return signal{final: true, generated: true}
	}
	c := cursor{data: data}
	noChoices, usage := false, false
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "choices":
			noChoices = true
			for in := c.open('['); in && c.next(']'); {
				noChoices = false
				text, begun := choice(&c)
				s.text += text
				s.generated = s.generated || begun
			}
		case "usage":
			usage = !c.empty()
		case "error":
			s.failed, s.code = failure(&c)
		default:
			c.skip()
		}
	}
	if s.failed = s.failed || string(name) == "error"; s.failed {
		s.generated = s.text > 0 // a failure comes with a reason to finish
		return s
	}
	s.usageOnly = noChoices && usage && c.whole()
	s.generated = s.generated || s.usageOnly || !c.whole()
	return s
}

// choice reads an element of choices: what was written, and whether anything was. Answers have
// a message, events a delta, and completions a text in its place.
func choice(c *cursor) (text int64, begun bool) {
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "delta", "message":
			n, more := message(c)
			text += n
			begun = begun || more
		case "text":
			text += c.textLength()
		case "finish_reason":
			begun = !c.empty() || begun
		default:
			c.skip()
		}
	}
	return text, begun || text > 0
}

// message reads a message, or what an event adds to it.
func message(c *cursor) (text int64, begun bool) {
	// Some servers send reasoning under both of its names.
	reasoning := int64(0)
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "role":
			c.skip()
		case "content":
			text += written(c, chatTexts)
		case "reasoning_content", "reasoning":
			reasoning = max(reasoning, written(c, chatTexts))
		case "refusal":
			text += c.textLength()
		case "tool_calls", "function_call":
			calls := cursor{data: c.raw()}
			text += written(&calls, toolTexts)
			begun = begun || len(calls.data) > len("null")
		default:
			begun = !c.empty() || begun
		}
	}
	text += reasoning
	return text, begun || text > 0
}

func chatTexts(key []byte) bool { return string(key) == "text" || string(key) == "thinking" }
func toolTexts(key []byte) bool { return string(key) == "arguments" || string(key) == "input" }

// written reads a value and sums the lengths of its texts: of the value itself, and of all
// that stand under a key of counts.
func written(c *cursor, counts func(key []byte) bool) (sum int64) {
	switch c.peek() {
	case '"':
		return c.textLength()
	case '[':
		for in := c.open('['); in && c.next(']'); {
			if c.peek() == '"' {
				c.skip()
				continue
			}
			sum += written(c, counts)
		}
	case '{':
		for in := c.open('{'); in && c.next('}'); {
			if key := c.key(); c.peek() != '"' || counts(key) {
				sum += written(c, counts)
			} else {
				c.skip()
			}
		}
	default:
		c.skip()
	}
	return sum
}

// maxCode bounds what a provider calls a failure.
const maxCode = 64

// failure reads the error of an event: whether there is one, and what it is called.
func failure(c *cursor) (failed bool, code string) {
	if c.peek() != '{' {
		return !c.empty(), ""
	}
	kind := ""
	for in := c.open('{'); in && c.next('}'); {
		failed = true
		switch string(c.key()) {
		case "code":
			code = codeOf(c)
		case "type":
			kind = codeOf(c)
		default:
			c.skip()
		}
	}
	if code == "" {
		code = kind
	}
	return failed, code
}

// codeOf reads a code, which may be a number; empty where it is none that can be logged.
func codeOf(c *cursor) string {
	raw := bytes.Trim(c.raw(), `"`)
	if len(raw) > maxCode || string(raw) == "null" {
		return ""
	}
	for _, b := range raw {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '-', b == '.':
		default:
			return ""
		}
	}
	return string(raw)
}

func (chat) answered(body []byte) (sum int64) {
	c := cursor{data: body}
	for in := c.open('{'); in && c.next('}'); {
		if string(c.key()) != "choices" {
			c.skip()
			continue
		}
		for in := c.open('['); in && c.next(']'); {
			text, _ := choice(&c)
			sum += text
		}
	}
	return sum
}

func (chat) keepAlive() []byte { return []byte(": keep-alive\n\n") }

func (w chat) stopped(r *Refusal, requestID string) []byte {
	return event("", w.refusal(r, requestID), chatDone)
}

func (chat) refusal(r *Refusal, _ string) []byte {
	kind, code := refusals[r.Reason].chat, refusals[r.Reason].code
	return encode(openAIError{Error: openAIDetail{Message: r.Message, Type: kind, Code: code, Param: r.param()}})
}

func (chat) inspect(e Endpoint, body []byte) (inspected, error) { return inspect(e, body) }

// event makes events of a name, one of each data.
func event(name string, datas ...[]byte) (out []byte) {
	for _, data := range datas {
		if name != "" {
			out = append(append(append(out, "event: "...), name...), '\n')
		}
		out = append(append(append(out, "data: "...), data...), "\n\n"...)
	}
	return out
}
