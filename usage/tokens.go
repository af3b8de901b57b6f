package usage

import (
	"encoding/json"
	"slices"
	"strings"

	"codexible/fault"
)

// Bounds of what one call can use, beside MaxTokens for each of its sums.
const (
	MaxRequests          = 1_000_000
	MaxWebSearches       = 1_000_000
	MaxServiceTierLength = 32
)

// Tokens is what a call used. The buckets are disjoint, so that each token is priced
// once: Input are the tokens that were neither read from a cache, nor written to one,
// nor audio. Reasoning alone is a part of another bucket, Output.
type Tokens struct {
	Input        int64 `json:"input_tokens,omitempty"`
	CacheRead    int64 `json:"cache_read_tokens,omitempty"`
	CacheWrite   int64 `json:"cache_write_tokens,omitempty"`
	CacheWrite1h int64 `json:"cache_write_1h_tokens,omitempty"`
	AudioInput   int64 `json:"audio_input_tokens,omitempty"`
	Output       int64 `json:"output_tokens,omitempty"`
	AudioOutput  int64 `json:"audio_output_tokens,omitempty"`
	Reasoning    int64 `json:"reasoning_tokens,omitempty"`
	// Requests is how many requests to the model the call made.
	Requests    int64 `json:"requests,omitempty"`
	WebSearches int64 `json:"web_searches,omitempty"`
	// ServiceTier is the provider's name for how the call was served; empty for the default.
	ServiceTier string `json:"service_tier,omitempty"`
	// Clamped is how many figures of the provider were negative or absurd, and were replaced.
	Clamped int64 `json:"clamped,omitempty"`
}

// Bucket is a kind of tokens that has a price of its own.
type Bucket uint8

// The buckets, in the order in which they are shown.
const (
	Input Bucket = iota
	CacheRead
	CacheWrite
	CacheWrite1h
	AudioInput
	Output
	AudioOutput
	NumBuckets
)

var bucketNames = [NumBuckets]string{"input", "cache_read", "cache_write", "cache_write_1h", "audio_input", "output", "audio_output"}

// String names the bucket as prices and quotes do.
func (b Bucket) String() string { return bucketNames[b] }

// BucketNamed is the bucket with a name; false for none.
func BucketNamed(name string) (Bucket, bool) {
	i := slices.Index(bucketNames[:], name)
	return Bucket(max(i, 0)), i >= 0
}

// Of is how many tokens of a bucket the call used.
func (t *Tokens) Of(b Bucket) int64 { return *t.bucket(b) }

func (t *Tokens) bucket(b Bucket) *int64 {
	return [NumBuckets]*int64{&t.Input, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.AudioInput, &t.Output, &t.AudioOutput}[b]
}

// Prompt is all that the model read: what selects the band of a price, and the
// prompt tokens of a charge.
func (t *Tokens) Prompt() int64 {
	return t.Input + t.CacheRead + t.CacheWrite + t.CacheWrite1h + t.AudioInput
}

// Completion is all that the model wrote.
func (t *Tokens) Completion() int64 { return t.Output + t.AudioOutput }

// beyond is what the model read and wrote in addition to other tokens, as plain input and output.
func (t *Tokens) beyond(other *Tokens) Tokens {
	return Tokens{
		Input: max(t.Prompt()-other.Prompt(), 0), Output: max(t.Completion()-other.Completion(), 0), WebSearches: max(t.WebSearches-other.WebSearches, 0),
		ServiceTier: t.ServiceTier, Clamped: t.Clamped,
	}
}

// Check returns an error that names the first field out of its range. prefix stands
// before the field's name, such as "usage.".
func (t *Tokens) Check(prefix string) error {
	for b := range NumBuckets {
		if n := t.Of(b); n < 0 || n > MaxTokens {
			return fault.Field(prefix+b.String()+"_tokens", "must be from 0 to 1000000000")
		}
	}
	switch {
	case t.Prompt() > MaxTokens:
		return fault.Field(prefix+"input_tokens", "must not exceed 1000000000 together with the cache and audio tokens")
	case t.Completion() > MaxTokens:
		return fault.Field(prefix+"output_tokens", "must not exceed 1000000000 together with the audio tokens")
	case t.Reasoning < 0 || t.Reasoning > t.Output:
		return fault.Field(prefix+"reasoning_tokens", "must not exceed output_tokens, of which they are a part")
	case t.Requests < 0 || t.Requests > MaxRequests:
		return fault.Field(prefix+"requests", "must be from 0 to 1000000")
	case t.WebSearches < 0 || t.WebSearches > MaxWebSearches:
		return fault.Field(prefix+"web_searches", "must be from 0 to 1000000")
	case !ValidTier(t.ServiceTier):
		return fault.Field(prefix+"service_tier", "must have at most 32 characters of a-z, 0-9, _ and -")
	}
	return nil
}

// ValidTier reports whether a text can be the name of a service tier: at most 32 characters of a-z, 0-9, _ and -.
func ValidTier(tier string) bool {
	return len(tier) <= MaxServiceTierLength && strings.Trim(tier, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// AppendText writes the tokens as the ledger keeps them: a JSON object of the fields that are not zero.
func (t *Tokens) AppendText(b []byte) []byte {
	text, _ := json.Marshal(t) //nolint:errchkjson // integers and a checked text always encode
	return append(b, text...)
}

// ParseTokens reads what AppendText wrote; false for anything else.
func ParseTokens(text string) (t Tokens, ok bool) {
	err := json.Unmarshal([]byte(text), &t)
	return t, err == nil && t.Check("") == nil
}
