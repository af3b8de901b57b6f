package usage

import "github.com/tidwall/gjson"

// messagesPaths are the figures of Anthropic's wire, as its API reference and the type files of
// its SDK name them («Usage», «MessageDeltaUsage»).
//
//   - input_tokens: what the model read beside the cache. cache_read_input_tokens and
//     cache_creation_input_tokens are not inside.
//   - cache_creation: how cache_creation_input_tokens divide into writes that last 5 minutes
//     and 1 hour, which differ in price. Servers that are compatible leave it out; those
//     writes are of 5 minutes, which is the API's default.
//   - output_tokens: all that the model wrote. output_tokens_details.thinking_tokens are inside.
//   - server_tool_use.web_search_requests: searches, billed by number.
//   - service_tier: standard, priority or batch. speed: fast is served at a price of its own.
//
// In a stream message_start has the prompt's figures and a first output_tokens, and each
// message_delta has figures from the beginning to itself, of which null says nothing.
var messagesPaths = paths{
	promptFigure:       {"input_tokens"},
	cacheReadFigure:    {"cache_read_input_tokens"},
	cacheWriteFigure:   {"cache_creation_input_tokens"},
	cacheWrite5mFigure: {"cache_creation.ephemeral_5m_input_tokens"},
	cacheWrite1hFigure: {"cache_creation.ephemeral_1h_input_tokens"},
	completionFigure:   {"output_tokens"},
	reasoningFigure:    {"output_tokens_details.thinking_tokens"},
	searchesFigure:     {"server_tool_use.web_search_requests"},
}

// fastTier is the service tier of a call whose usage says speed: fast.
const fastTier = "fast"

func (r *Report) readMessages(data []byte) {
	reported := PromptOnly
	object, ok := usageObject(data, "message.usage")
	if !ok {
		reported = Whole
		if object, ok = usageObject(data, "usage"); !ok {
			return
		}
	}
	r.take(object, &messagesPaths, reported)
	r.setTier(object.Get("service_tier"))
	if speed := object.Get("speed"); speed.Type == gjson.String {
		r.fast = speed.Str == fastTier
	}
	if object.Get("cache_creation").IsObject() {
		r.partsAreOld = false
	} else if object.Get("cache_creation_input_tokens").Type == gjson.Number {
		r.partsAreOld = true
	}
	if iterations := object.Get("iterations"); iterations.IsArray() {
		r.compacted = compacted(iterations)
	}
}

// compacted sums the requests in which the provider itself shortened the conversation. They
// are billed like the others, and are in usage.iterations but not in the figures beside it
// («Compaction» of Anthropic's guides).
func compacted(iterations gjson.Result) (sum figures) {
	iterations.ForEach(func(_, iteration gjson.Result) bool {
		if iteration.Get("type").Str != "compaction" {
			return true
		}
		for i, f := range messagesPaths.read(iteration) {
			sum[i].n = min(sum[i].n+f.n, MaxTokens)
			sum[i].odd = sum[i].odd || f.odd
		}
		return true
	})
	return sum
}

func (r *Report) messagesTokens(t *Tokens, c *clamp) {
	for _, f := range r.compacted {
		c.mark(f.odd)
	}
	t.CacheWrite, t.CacheWrite1h = writes(&r.figures, r.partsAreOld, c)
	compacted5m, compacted1h := writes(&r.compacted, false, c)

	rest := int64(MaxTokens)
	fit := func(n int64) int64 {
		n = c.atMost(n, rest)
		rest -= n
		return n
	}
	t.Input = fit(r.figures[promptFigure].n + r.compacted[promptFigure].n)
	t.CacheRead = fit(r.figures[cacheReadFigure].n + r.compacted[cacheReadFigure].n)
	t.CacheWrite = fit(t.CacheWrite + compacted5m)
	t.CacheWrite1h = fit(t.CacheWrite1h + compacted1h)
	t.Output = c.atMost(r.figures[completionFigure].n+r.compacted[completionFigure].n, MaxTokens)
	t.Reasoning = c.atMost(r.figures[reasoningFigure].n, t.Output)
}

// writes divides the tokens written to the cache. The sum counts, and is divided as its parts
// are: a message_delta of a call that used tools of the server has a later sum without parts.
// A sum without any parts is of 5 minutes, and parts without a sum count themselves.
func writes(f *figures, partsAreOld bool, c *clamp) (fiveMinutes, oneHour int64) {
	sum, part5m, part1h := f[cacheWriteFigure], f[cacheWrite5mFigure], f[cacheWrite1hFigure]
	parts := part5m.n + part1h.n
	known := sum.known && (part5m.known || part1h.known)
	c.mark(known && !partsAreOld && sum.n != parts)
	switch {
	case sum.n == 0:
		return part5m.n, part1h.n
	case parts == 0:
		return sum.n, 0
	default:
		oneHour = sum.n * part1h.n / parts
		return sum.n - oneHour, oneHour
	}
}
