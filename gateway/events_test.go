package gateway

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heard is an event as a client hears it.
type heard struct{ Name, Data string }

// frames feeds a stream in chunks, and gives what passed, the events of it that were read, and
// how many events were not.
type frames struct {
	passed  []byte
	events  []heard
	unread  int
	parts   int
	longest int
	cut     bool
}

func (fs *frames) take(t *testing.T, f *framer, fr frame) {
	t.Helper()
	fs.passed = append(fs.passed, fr.raw...)
	fs.longest = max(fs.longest, cap(f.rest)+cap(f.kept)+cap(f.joined))
	switch {
	case !fr.whole:
		fs.parts++
		if fr.data != nil || fr.name != nil || len(fr.raw) == 0 {
			t.Errorf("a part is %+v", fr)
		}
	case fr.unread:
		fs.unread++
		if fr.data != nil {
			t.Errorf("an unread event has the data %q", fr.data)
		}
	case fr.data != nil:
		fs.events = append(fs.events, heard{string(fr.name), string(fr.data)})
	}
	fs.cut = fs.cut || fr.cut
}

func read(t *testing.T, f *framer, chunks ...[]byte) *frames {
	t.Helper()
	fs := &frames{}
	for _, chunk := range chunks {
		own := bytes.Clone(chunk)
		f.feed(own)
		for fr, ok := f.next(); ok; fr, ok = f.next() {
			fs.take(t, f, fr)
		}
		for i := range own {
			own[i] = 'x' // the chunk belongs to its owner again
		}
	}
	if fr, ok := f.flush(); ok {
		fs.take(t, f, fr)
	}
	if fr, ok := f.flush(); ok {
		t.Errorf("flush again gives %+v", fr)
	}
	f.close()
	if kept := f.all.taken.Load(); kept != 0 {
		t.Errorf("%d bytes are still taken from the budget", kept)
	}
	return fs
}

// clientHears is the algorithm of the HTML standard, «Interpreting an event stream», but for
// the end of the stream, where the last event counts without its blank line, as the SDKs have it.
func clientHears(stream string) (events []heard) {
	stream = strings.TrimPrefix(stream, "\xef\xbb\xbf")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	name, data, has := "", "", false
	dispatch := func() {
		if has {
			events = append(events, heard{name, strings.TrimSuffix(data, "\n")})
		}
		name, data, has = "", "", false
	}
	for line := range strings.SplitSeq(stream, "\n") {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			dispatch()
		case field == "event":
			name = value
		case field == "data":
			data, has = data+value+"\n", true
		}
	}
	dispatch()
	return events
}

func smallFramer(long, most, all int) *framer {
	f := newFramer()
	f.long, f.most, f.all = long, most, &budget{most: int64(all)}
	return f
}

// randomStream makes a stream of odd events.
func randomStream(r *rand.Rand) string {
	ends := []string{"\n", "\r\n", "\r"}
	end := ends[r.IntN(3)]
	mixed := r.IntN(4) == 0
	var b strings.Builder
	if r.IntN(5) == 0 {
		b.WriteString("\xef\xbb\xbf")
	}
	line := func(text string) {
		b.WriteString(text)
		if mixed {
			end = ends[r.IntN(3)]
		}
		b.WriteString(end)
	}
	for range r.IntN(8) {
		for range r.IntN(4) {
			text := strings.Repeat(string("ab:{\" é"[r.IntN(7)]), r.IntN(60))
			switch r.IntN(10) {
			case 0:
				line(":" + text)
			case 1:
				line("event: name" + text)
			case 2:
				line("data:" + text)
			case 3:
				line("data")
			case 4:
				line("id: 1")
			case 5:
				line(text)
			default:
				line("data: " + text)
			}
		}
		if r.IntN(10) > 0 {
			line("")
		}
	}
	if r.IntN(3) == 0 {
		b.WriteString("data: the last\xff")
	}
	return b.String()
}

func randomChunks(r *rand.Rand, stream string) (chunks [][]byte) {
	most := []int{1, 2, 3, 10, 100, 1000}[r.IntN(6)]
	for rest := []byte(stream); len(rest) > 0; {
		n := min(1+r.IntN(most), len(rest))
		chunks = append(chunks, rest[:n])
		rest = rest[n:]
		if r.IntN(10) == 0 {
			chunks = append(chunks, nil)
		}
	}
	return chunks
}

func checkStream(t *testing.T, f *framer, stream string, chunks [][]byte) *frames {
	t.Helper()
	got := read(t, f, chunks...)
	if string(got.passed) != stream {
		t.Fatalf("%q became %q", stream, got.passed)
	}
	if got.unread == 0 {
		if diff := cmp.Diff(clientHears(stream), got.events); diff != "" {
			t.Fatalf("%q in %q, want -, got +:\n%s", stream, chunks, diff)
		}
	}
	return got
}

func TestBytesOfAStreamComeOutAsTheyCameIn(t *testing.T) {
	parts, unread := 0, 0
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 15))
		stream := randomStream(r)
		f := smallFramer([]int{1, 20, 100, longEvent}[r.IntN(4)], []int{10, 100, mostKept}[r.IntN(3)], []int{0, 64, mostKeptInAll}[r.IntN(3)])
		got := checkStream(t, f, stream, randomChunks(r, stream))
		parts += got.parts
		unread += got.unread
	}
	if parts < 10_000 || unread < 1000 {
		t.Errorf("%d parts and %d unread events are too few to say anything", parts, unread)
	}
}

func FuzzFramer(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomStream(rand.New(rand.NewPCG(seed, 0))), seed, uint8(seed))
	}
	f.Fuzz(func(t *testing.T, stream string, seed uint64, long uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		checkStream(t, smallFramer(int(long)+1, r.IntN(300), r.IntN(300)), stream, randomChunks(r, stream))
	})
}

func TestEventsLeaveAsSoonAsTheirBlankLineHasArrived(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		f := newFramer()
		stream := "event: a" + end + "data: 1" + end + end
		for i := range len(stream) {
			f.feed([]byte(stream[i : i+1]))
			fr, ok := f.next()
			switch last := i == len(stream)-1; {
			case last:
				if !ok || string(fr.raw) != stream || !fr.whole || string(fr.name) != "a" || string(fr.data) != "1" {
					t.Errorf("%q: %+v at the end", stream, fr)
				}
			case ok:
				t.Errorf("%q: %+v after byte %d", stream, fr, i)
			}
		}
	}
}

func TestCRLFStreamsAreCutBehindTheLF(t *testing.T) {
	f := newFramer()
	f.feed([]byte("data: 1\r\n\r\ndata: 2\r\n\r\n"))
	for _, want := range []string{"data: 1\r\n\r\n", "data: 2\r\n\r\n"} {
		if fr, ok := f.next(); !ok || string(fr.raw) != want {
			t.Errorf("%q, want %q", fr.raw, want)
		}
	}
}

func TestLongEventsPassInPartsAndAreReadAtTheirEnd(t *testing.T) {
	data := strings.Repeat("é0123456", 300_000) // 2.7 MB
	stream := "data: short\n\nevent: big\ndata: " + data + "\n\ndata: after\n\n"
	f := smallFramer(longEvent, mostKept, mostKeptInAll)
	fs := &frames{}
	for rest := []byte(stream); len(rest) > 0; {
		n := min(len(rest), 32<<10)
		f.feed(rest[:n])
		rest = rest[n:]
		for fr, ok := f.next(); ok; fr, ok = f.next() {
			if !fr.whole && bytes.Contains(fr.raw, []byte("\n\n")) {
				t.Error("the blank line of a long event passed before the event was read")
			}
			fs.take(t, f, fr)
		}
		if len(fs.passed) < len(stream)-len(rest)-longEvent {
			t.Fatalf("%d bytes are held back", len(stream)-len(rest)-len(fs.passed))
		}
	}
	if string(fs.passed) != stream || fs.parts < 10 {
		t.Errorf("%d of %d bytes passed, in %d parts", len(fs.passed), len(stream), fs.parts)
	}
	if diff := cmp.Diff([]heard{{"", "short"}, {"big", data}, {"", "after"}}, fs.events); diff != "" {
		t.Errorf("want -, got +:\n%.300s", diff)
	}
	if f.next(); cap(f.rest)+cap(f.kept)+cap(f.joined) > 2*idleBuffer || f.all.taken.Load() != 0 {
		t.Errorf("behind it %d, %d and %d bytes are held, and %d taken", cap(f.rest), cap(f.kept), cap(f.joined), f.all.taken.Load())
	}
}

func TestIdleStreamsHoldLittle(t *testing.T) {
	f := newFramer()
	line := "data: " + strings.Repeat("x", 25_000) + "\n"
	for _, chunk := range []string{line, line + "\n", "data: 1\n\ndata: "} {
		f.feed([]byte(chunk))
		for fr, ok := f.next(); ok; fr, ok = f.next() {
			if len(fr.data) != 50_001 && len(fr.data) != 1 {
				t.Errorf("an event has %d bytes", len(fr.data))
			}
		}
	}
	if held := cap(f.rest) + cap(f.joined) + cap(f.kept); held > idleBuffer {
		t.Errorf("%d bytes are held", held)
	}
}

func TestEventsBeyondTheBoundPassUnread(t *testing.T) {
	chunk := bytes.Repeat([]byte("x"), 32<<10)
	f := smallFramer(longEvent, mostKept, mostKeptInAll)
	passed, most := 0, 0
	f.feed([]byte("data: "))
	f.next()
	for range 1000 { // 32 MB
		f.feed(chunk)
		for fr, ok := f.next(); ok; fr, ok = f.next() {
			passed += len(fr.raw)
			most = max(most, cap(f.rest)+cap(f.kept))
		}
	}
	if most > mostKept+2*longEvent {
		t.Errorf("%d bytes were held", most)
	}
	got := read(t, f, []byte("\n\ndata: after\n\n"))
	if passed+len(got.passed) != len("data: ")+1000*len(chunk)+len("\n\ndata: after\n\n") || got.unread != 1 {
		t.Errorf("%d bytes passed, %d events unread", passed+len(got.passed), got.unread)
	}
	if diff := cmp.Diff([]heard{{"", "after"}}, got.events); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestStreamsShareOneBudgetForLongEvents(t *testing.T) {
	all := &budget{most: 100_000}
	long := []byte("data: " + strings.Repeat("x", 70_000))
	one, two := newFramer(), newFramer()
	one.all, two.all = all, all
	for _, f := range []*framer{one, two} {
		f.feed(long)
		if fr, ok := f.next(); !ok || fr.whole {
			t.Fatalf("%+v", fr)
		}
		f.next()
	}
	end := func(f *framer) frame {
		f.feed([]byte("\n\n"))
		fr, _ := f.next()
		return fr
	}
	if fr := end(two); !fr.unread || !fr.whole {
		t.Errorf("beyond the budget, an event is %+v", fr)
	}
	if fr := end(one); fr.unread || len(fr.data) != 70_000 {
		t.Errorf("within the budget, an event has %d bytes", len(fr.data))
	}
	one.close() // gives the budget back
	two.next()
	two.feed(long)
	two.next()
	two.next()
	if fr := end(two); fr.unread {
		t.Error("the budget was not given back")
	}
	two.close()
	two.close()
	if taken := all.taken.Load(); taken != 0 {
		t.Errorf("%d bytes are taken", taken)
	}
}

func TestAStreamThatEndsInAnEventIsCut(t *testing.T) {
	for stream, cut := range map[string]bool{
		"data: 1\n\n": false, "data: 1\n": true, "data: 1": true, "data: 1\r\n\r\n": false, "": false, ": c": true, "data: 1\n\n\n\n": false,
	} {
		if got := read(t, newFramer(), []byte(stream)); got.cut != cut {
			t.Errorf("%q: cut is %v", stream, got.cut)
		}
	}
	// The LF of the last CRLF may come alone.
	if got := read(t, newFramer(), []byte("data: 1\r\n\r"), []byte("\n")); got.cut || string(got.passed) != "data: 1\r\n\r\n" {
		t.Errorf("%+v", got)
	}
	// So may the end behind a part.
	if got := read(t, smallFramer(4, 100, 100), []byte("data: 1")); !got.cut || len(got.events) != 1 || got.parts != 1 {
		t.Errorf("%+v", got)
	}
}

func TestEventsOfCRsAreCutInLinearTime(t *testing.T) {
	// Two lines of CR each; quadratic time would be minutes.
	line := strings.Repeat("a\r", 1<<20) + "\r"
	got := read(t, smallFramer(longEvent, mostKept, mostKeptInAll), []byte(line), bytes.Repeat([]byte("\r"), 1<<20))
	if len(got.passed) != len(line)+1<<20 {
		t.Errorf("%d bytes passed", len(got.passed))
	}
}

func TestSmallEventsAllocateNothing(t *testing.T) {
	f := newFramer()
	stream := []byte(strings.Repeat("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n", 10))
	half := len(stream) - 60
	count := 0
	run := func() {
		for _, chunk := range [][]byte{stream[:half], stream[half:]} {
			f.feed(chunk)
			for fr, ok := f.next(); ok; fr, ok = f.next() {
				count += int(messages{}.event(fr.name, fr.data).text)
			}
		}
	}
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations for 10 events", n)
	}
	if count != 101*50 {
		t.Errorf("%d bytes of text", count)
	}
}

func BenchmarkEvent(b *testing.B) {
	for name, w := range map[string]struct {
		a    adapter
		line string
	}{
		"chat":      {chat{}, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-5.6","service_tier":"default","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}`},
		"responses": {responses{}, "event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" word","logprobs":[]}`},
		"messages":  {messages{}, "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}`},
	} {
		b.Run(name, func(b *testing.B) {
			f, chunk := newFramer(), []byte(w.line+"\n\n")
			b.ReportAllocs()
			for range b.N {
				f.feed(chunk)
				fr, _ := f.next()
				if w.a.event(fr.name, fr.data).text != 5 {
					b.Fatal(fmt.Sprintf("%q", fr.data))
				}
				f.next()
			}
		})
	}
}
