package usage

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// openAIPaths are the figures of the two wires of OpenAI, as its API reference and the type
// files of its SDK name them («CompletionUsage», «ResponseUsage»).
//
//   - prompt_tokens, input_tokens: all that the model read. Tokens read from the cache
//     (cached_tokens), written to it (cache_write_tokens) and of audio are inside.
//   - completion_tokens, output_tokens: all that the model wrote. Reasoning and audio are inside.
//   - total_tokens: their sum.
//
// Where a stream has the usage: in chat in one more chunk, with choices [], if the request
// asked for it (stream_options.include_usage); every other chunk has null. In responses in
// response.completed, response.incomplete and response.failed, there possibly null.
// Embeddings have prompt_tokens and total_tokens alone.
//
// Servers that are compatible have names of their own: DeepSeek prompt_cache_hit_tokens,
// Moonshot cached_tokens, Alibaba cache_creation_input_tokens, OpenRouter server_tool_use.
var openAIPaths = [2]paths{
	Chat: {
		promptFigure:      {"prompt_tokens"},
		cacheReadFigure:   {"prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens"},
		cacheWriteFigure:  {"prompt_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_creation_input_tokens"},
		audioInputFigure:  {"prompt_tokens_details.audio_tokens"},
		completionFigure:  {"completion_tokens"},
		reasoningFigure:   {"completion_tokens_details.reasoning_tokens"},
		audioOutputFigure: {"completion_tokens_details.audio_tokens"},
		totalFigure:       {"total_tokens"},
		searchesFigure:    {"server_tool_use.web_search_requests"},
	},
	Responses: {
		promptFigure:      {"input_tokens"},
		cacheReadFigure:   {"input_tokens_details.cached_tokens"},
		cacheWriteFigure:  {"input_tokens_details.cache_write_tokens"},
		audioInputFigure:  {"input_tokens_details.audio_tokens"},
		completionFigure:  {"output_tokens"},
		reasoningFigure:   {"output_tokens_details.reasoning_tokens"},
		audioOutputFigure: {"output_tokens_details.audio_tokens"},
		totalFigure:       {"total_tokens"},
	},
}

func (r *Report) openAITokens(t *Tokens, c *clamp) {
	f := &r.figures
	rest := f[promptFigure].n
	t.CacheRead = c.atMost(f[cacheReadFigure].n, rest)
	rest -= t.CacheRead
	t.CacheWrite = c.atMost(f[cacheWriteFigure].n, rest)
	rest -= t.CacheWrite
	t.AudioInput = c.atMost(f[audioInputFigure].n, rest)
	t.Input = rest - t.AudioInput

	beside := f.besideCompletion()
	reasoning := max(f[reasoningFigure].n, beside)
	completion := c.atMost(f[completionFigure].n+beside, MaxTokens)
	t.AudioOutput = c.atMost(f[audioOutputFigure].n, completion)
	t.Output = completion - t.AudioOutput
	t.Reasoning = c.atMost(reasoning, t.Output)
}

// besideCompletion is how many tokens of reasoning are in the total and not in the completion.
// xAI has its reasoning_tokens beside completion_tokens in chat («Consumption and Rate Limits»
// of its guides). Gemini's compatible endpoint has them in total_tokens alone. Both bill them
// as output. A surplus that is as large as the cache's tokens is a prompt without those.
func (f *figures) besideCompletion() int64 {
	prompt, completion, total := f[promptFigure], f[completionFigure], f[totalFigure]
	surplus := total.n - prompt.n - completion.n
	if surplus <= 0 || total.odd || !prompt.known || prompt.odd || !completion.known || completion.odd {
		return 0
	}
	switch cached := f[cacheReadFigure].n + f[cacheWriteFigure].n; {
	case f[reasoningFigure].n == surplus, f[reasoningFigure].n == 0 && cached != surplus:
		return surplus
	default:
		return 0
	}
}

// readSearches counts the web searches of an answer on the responses wire, whose usage does
// not have them: the items web_search_call whose action is a search. To open a page of the
// result, or to search in it, is not billed («Web search» of OpenAI's guides). The list of
// all items at the end of a stream corrects what its events said.
func (r *Report) readSearches(data []byte) {
	if !bytes.Contains(data, []byte(`"web_search_call"`)) {
		return
	}
	if gjson.GetBytes(data, "type").Str == "response.output_item.done" {
		place := gjson.GetBytes(data, "output_index")
		// An item is done once: one that is read again has no later place.
		if at := figureOf(place).n + 1; place.Exists() && at > r.lastItem && isSearch(gjson.GetBytes(data, "item")) {
			r.lastItem = at
			r.searches++
		}
		return
	}
	items := gjson.GetBytes(data, "response.output")
	if !items.Exists() {
		items = gjson.GetBytes(data, "output")
	}
	count := int64(0)
	items.ForEach(func(_, item gjson.Result) bool {
		if isSearch(item) {
			count++
		}
		return true
	})
	r.searches = max(r.searches, count)
}

func isSearch(item gjson.Result) bool {
	action := item.Get("action.type")
	return item.Get("type").Str == "web_search_call" && item.Get("status").Str != "failed" && (!action.Exists() || action.Str == "search")
}
