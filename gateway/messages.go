package gateway

// messages is the wire of Anthropic's messages.
type messages struct{}

func (messages) event(name, data []byte) (s signal) {
	if data == nil {
		return signal{}
	}
	c := cursor{data: data}
	kind := name
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "type":
			if kind = c.word(); messagesQuiet(kind) {
				return signal{}
			}
		case "delta", "content_block":
			s.text += blockText(&c)
		case "error":
			s.failed, s.code = failure(&c)
		default:
			c.skip()
		}
	}
	switch string(kind) {
	case "message_stop":
		return signal{final: c.whole(), generated: true}
	case "error":
		return signal{failed: true, code: s.code}
	case "content_block_start", "content_block_delta":
		return signal{generated: true, text: s.text}
	}
	switch {
	case messagesQuiet(kind):
		return signal{}
	case s.failed && len(kind) == 0:
		return signal{failed: true, code: s.code}
	default:
		return signal{generated: true}
	}
}

func messagesQuiet(kind []byte) bool {
	return string(kind) == "message_start" || string(kind) == "ping"
}

// blockText reads a block of content, or what an event adds to one. Signatures and results of
// the provider's tools are not written by the model.
func blockText(c *cursor) (sum int64) {
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "text", "thinking", "partial_json", "content":
			sum += c.textLength()
		case "input":
			if input := c.raw(); len(input) > len("{}") {
				sum += int64(len(input))
			}
		default:
			c.skip()
		}
	}
	return sum
}

func (messages) answered(body []byte) (sum int64) {
	c := cursor{data: body}
	for in := c.open('{'); in && c.next('}'); {
		if string(c.key()) != "content" {
			c.skip()
			continue
		}
		for in := c.open('['); in && c.next(']'); {
			sum += blockText(&c)
		}
	}
	return sum
}

func (messages) keepAlive() []byte { return []byte("event: ping\ndata: {\"type\": \"ping\"}\n\n") }

func (w messages) stopped(r *Refusal, requestID string) []byte {
	return event("error", w.refusal(r, requestID))
}

func (messages) refusal(r *Refusal, requestID string) []byte {
	return encode(messagesError{Type: "error", Error: messagesDetail{Type: refusals[r.Reason].messages, Message: r.Message}, RequestID: requestID})
}

func (messages) inspect(e Endpoint, body []byte) (inspected, error) { return inspect(e, body) }
