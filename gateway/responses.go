package gateway

import "bytes"

// responses is the wire of OpenAI's responses.
type responses struct{}

func (responses) event(name, data []byte) (s signal) {
	if data == nil {
		return signal{}
	}
	c := cursor{data: data}
	kind := name
	for in := c.open('{'); in && c.next('}'); {
		switch string(c.key()) {
		case "type":
			if kind = c.word(); responsesQuiet(kind) {
				return signal{}
			}
		case "delta":
			s.text = c.textLength()
		case "response":
			if failed, code := responseError(&c); failed {
				s.code = code
			}
		case "error":
			s.failed, s.code = failure(&c)
		case "code":
			s.code = codeOf(&c)
		default:
			c.skip()
		}
	}
	return judgeResponses(kind, s, c.whole())
}

// responsesQuiet are events before which nothing was generated, and which say nothing of it.
func responsesQuiet(kind []byte) bool {
	switch string(kind) {
	case "response.created", "response.in_progress", "response.queued", "keepalive", "ping":
		return true
	default:
		return false
	}
}

func judgeResponses(kind []byte, s signal, whole bool) signal {
	switch string(kind) {
	case "response.failed":
		return signal{final: whole, failed: true, code: s.code}
	case "error":
		return signal{failed: true, code: s.code}
	case "response.completed", "response.incomplete":
		return signal{final: whole, generated: true}
	case "response.audio.delta", "response.output_audio.delta":
		return signal{generated: true}
	}
	switch {
	case responsesQuiet(kind):
		return signal{}
	case s.failed && len(kind) == 0:
		return signal{failed: true, code: s.code}
	case bytes.HasSuffix(kind, []byte(".delta")):
		return signal{generated: true, text: s.text}
	default:
		return signal{generated: true}
	}
}

// responseError reads the error of a response.
func responseError(c *cursor) (failed bool, code string) {
	for in := c.open('{'); in && c.next('}'); {
		if string(c.key()) == "error" {
			failed, code = failure(c)
		} else {
			c.skip()
		}
	}
	return failed, code
}

func (responses) answered(body []byte) int64 {
	c := cursor{data: body}
	for in := c.open('{'); in && c.next('}'); {
		if string(c.key()) == "output" {
			return written(&c, responsesTexts)
		}
		c.skip()
	}
	return 0
}

func responsesTexts(key []byte) bool {
	switch string(key) {
	case "text", "refusal", "arguments", "input", "code":
		return true
	default:
		return false
	}
}

func (responses) keepAlive() []byte {
	return []byte("event: keepalive\ndata: {\"type\": \"keepalive\"}\n\n")
}

func (responses) stopped(r *Refusal, requestID string) []byte {
	return event("response.failed", encode(responsesFailed{
		Type: "response.failed",
		Response: failedResponse{
			ID: "resp_" + requestID, Object: "response", Status: "failed",
			Error: failedDetail{Code: refusals[r.Reason].code, Message: r.Message}, Output: []string{},
		},
	}))
}

func (responses) refusal(r *Refusal, _ string) []byte {
	detail := openAIDetail{Message: r.Message, Type: refusals[r.Reason].responses(), Code: refusals[r.Reason].code, Param: r.param()}
	if r.Reason == ReasonCredits && !r.ResetsAt.IsZero() {
		detail.ResetsAt = r.ResetsAt.Unix()
	}
	return encode(openAIError{Error: detail})
}

func (responses) inspect(e Endpoint, body []byte) (inspected, error) { return inspect(e, body) }
