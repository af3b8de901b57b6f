package drills

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"codexible/accounts"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store/storetest"
	"codexible/usage"
)

// noisy is a provider of random streams. It keeps the hashes of what its clients are to send and to get, by the number of
// the call: what it got and sent, but for the edits of a gateway.
type noisy struct {
	mu        sync.Mutex
	got, sent map[string][sha256.Size]byte
}

// asksNot is whether a call asks for no usage: the gateway does then, and drops what was not asked for.
func asksNot(number int, wire upstream.Endpoint) bool {
	return wire == upstream.Chat && number/len(wires)%2 == 0
}

// usageAsked is how a gateway asks for the usage of a stream.
const usageAsked = `"stream_options":{"include_usage":true},`

// ServeHTTP implements http.Handler.
func (n *noisy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	number := r.Header.Get(numberHeader)
	seed, _ := strconv.Atoi(number)
	wire := upstream.Endpoint(strings.TrimPrefix(r.URL.Path, "/v1"))
	random := rand.New(rand.NewPCG(uint64(seed), 15))
	stream := noise(random, wire, true)
	due := stream
	if asksNot(seed, wire) {
		due = noise(rand.New(rand.NewPCG(uint64(seed), 15)), wire, false)
		body = bytes.Replace(body, []byte(usageAsked), nil, 1)
	}
	n.mu.Lock()
	n.got[number], n.sent[number] = sha256.Sum256(body), sha256.Sum256(due)
	n.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	most := []int{7, 100, 1500, 4096, 4097, 70_000, 1 << 20}[random.IntN(7)]
	if len(stream) > 100_000 {
		most = max(most, 1500)
	}
	for rest := stream; len(rest) > 0; {
		piece := 1 + random.IntN(min(most, len(rest)))
		if _, err := w.Write(rest[:piece]); err != nil {
			return
		}
		rest = rest[piece:]
		_ = http.NewResponseController(w).Flush()
	}
}

// noise is a stream as a provider could send one: with text, unknown events, comments and fields, data in several lines, and lines that
// are longer than anything a gateway would hold back. In chat the usage can be left out.
func noise(random *rand.Rand, wire upstream.Endpoint, withUsage bool) []byte {
	end := []string{"\n", "\r\n", "\r"}[random.IntN(3)]
	var out bytes.Buffer
	line := func(parts ...string) { out.WriteString(strings.Join(parts, "") + end) }
	if random.IntN(5) == 0 {
		out.WriteString("\xef\xbb\xbf")
	}
	if wire == upstream.Messages {
		line("event: message_start")
		line(`data: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}`)
		line()
	}
	for range random.IntN(40) {
		switch random.IntN(8) {
		case 0:
			line(":", strings.Repeat(" comment", random.IntN(9)))
			line()
		case 1:
			line("id: ", strconv.Itoa(random.Int()))
			line("retry: 3000")
			line("event: of.another.kind")
			line("data")
			line("data: {")
			line(`data:"more": [`, strings.Repeat(" ", random.IntN(5000)), "]")
			line("data: }")
			line()
		default:
			text, _ := json.Marshal(words(random)) //nolint:errchkjson // a string
			switch wire {
			case upstream.Responses:
				line("event: response.output_text.delta")
				line(`data: {"type":"response.output_text.delta", "delta":`, string(text), `}`)
			case upstream.Messages:
				line("event:content_block_delta")
				line(`data:{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":`, string(text), `}}`)
			default:
				line(`data: {"choices":[{"index":0,"delta":{"content":`, string(text), `}}],"n":12345678901234567890.10}`)
			}
			line()
		}
	}
	switch wire {
	case upstream.Responses:
		line("event: response.completed")
		line(`data: {"type":"response.completed","response":{"usage":{"input_tokens":9,"output_tokens":8}}}`)
	case upstream.Messages:
		line(`data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":8}}`)
		line()
		line("event: message_stop")
		line(`data: {"type":"message_stop"}`)
	default:
		switch {
		case withUsage:
			line(`data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":8,"total_tokens":17}}`)
			line()
		case out.String() == "\xef\xbb\xbf":
			out.Reset() // a byte order mark belongs to the first event
		}
		line("data: [DONE]")
	}
	line()
	return out.Bytes()
}

// words are some text, a few of them very long.
func words(random *rand.Rand) string {
	n := random.IntN(60)
	switch random.IntN(60) {
	case 0:
		n = random.IntN(2 << 20)
	case 1, 2:
		n = random.IntN(200_000)
	}
	const alphabet = "abcdefghij \t\n\r\"\\{}[]:,\u00e9\u2028\U0001f600"
	letters := []rune(alphabet)
	var text strings.Builder
	for text.Len() < n {
		if text.WriteRune(letters[random.IntN(len(letters))]); n > 10_000 {
			text.WriteString(strings.Repeat("x", random.IntN(1000)))
		}
	}
	return text.String()
}

// What a provider sends is what the client gets, and what the client sends is what the provider gets, but for the usage of
// chat streams that did not ask for it.
func TestTortureStreamsPassByteForByte(t *testing.T) {
	database := storetest.SQLiteURL(t)
	provider := &noisy{got: map[string][sha256.Size]byte{}, sent: map[string][sha256.Size]byte{}}
	s := newSeller(t, database, serveProvider(t, provider), accounts.MaxDailyCredits, 1_000_000, 20, gateway.Cancel)
	p := startProgram(t, "DATABASE_URL="+database)
	streams := rounds(200, 10_000)
	work := make(chan int)
	var calling sync.WaitGroup
	var mu sync.Mutex
	var bytesGot int64
	for range 16 {
		calling.Go(func() {
			for number := range work {
				random := rand.New(rand.NewPCG(uint64(number), 7))
				m := &made{number: number, wire: wires[number%len(wires)], model: finishing}
				asks := m.asks()
				if asksNot(number, m.wire) {
					asks = strings.Replace(asks, usageAsked, "", 1)
				}
				asks = oddBody(random, asks)
				request := m.request(context.Background(), p.url, s.secrets[0])
				request.Body, request.ContentLength = io.NopCloser(strings.NewReader(asks)), int64(len(asks))
				response, err := callClient.Do(request)
				if err != nil {
					t.Errorf("stream %d: %v", number, err)
					continue
				}
				got, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				key := strconv.Itoa(number)
				provider.mu.Lock()
				sent, asked := provider.sent[key], provider.got[key]
				provider.mu.Unlock()
				if err != nil || response.StatusCode != http.StatusOK || sha256.Sum256(got) != sent || sha256.Sum256([]byte(asks)) != asked {
					t.Errorf("stream %d of %s (%d, %v): as sent: %v, as asked: %v, ends with %.80q", number, m.wire, response.StatusCode, err, sha256.Sum256(got) == sent, sha256.Sum256([]byte(asks)) == asked, got[max(0, len(got)-80):])
				}
				mu.Lock()
				bytesGot += int64(len(got))
				mu.Unlock()
			}
		})
	}
	for number := range streams {
		work <- number
	}
	close(work)
	calling.Wait()
	s.settled(t, 0)
	s.reconciled(t)
	charges := s.charges(t)
	for id, charge := range charges {
		if charge.Call.Outcome != usage.CallComplete || charge.PromptTokens != 9 || charge.CompletionTokens != 8 {
			t.Errorf("the call %s is charged as %s with %d and %d tokens", id, charge.Call.Outcome, charge.PromptTokens, charge.CompletionTokens)
		}
	}
	if len(charges) != streams {
		t.Errorf("%d streams made %d charges", streams, len(charges))
	}
	t.Logf("%d streams of %d MiB in all", streams, bytesGot>>20)
}

// oddBody writes a request's JSON as no library would: its bytes have to arrive as they are.
func oddBody(random *rand.Rand, body string) string {
	fields := fmt.Sprintf(`%s"x-%d" : {"deep":[1.00, 1e2 ,%d,{"":null}],"text":"%s\u00e9\/"},`, strings.Repeat(" ", random.IntN(9)), random.Int(), random.Int(), strings.Repeat("ü", random.IntN(3000)))
	return "{" + fields + "\r\n\t" + body[1:] + strings.Repeat("\n", random.IntN(3))
}
