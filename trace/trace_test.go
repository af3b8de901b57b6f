package trace

import (
	"context"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	someTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	someSpan  = "00f067aa0ba902b7"
)

var at = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func recording(ratio float64) (*Tracer, *[][]Finished) {
	var sunk [][]Finished
	return &Tracer{Ratio: ratio, Sink: func(spans []Finished) { sunk = append(sunk, spans) }}, &sunk
}

func TestARequestIsFollowedWithTheCallersTraceAndAllItsParts(t *testing.T) {
	tracer, sunk := recording(0)
	s := tracer.Begin([]byte("00-"+someTrace+"-"+someSpan+"-01"), at)
	Of(With(context.Background(), s)).Child("inner", at.Add(1), at.Add(2), Attribute{"size", int64(3)})
	s.End("POST /x", at.Add(5), true, Attribute{"status", int64(503)})
	s.End("again", at.Add(6), false)
	s.Child("late", at, at)
	if len(*sunk) != 1 || len((*sunk)[0]) != 2 {
		t.Fatalf("handed on: %v", *sunk)
	}
	inner, root := (*sunk)[0][0], (*sunk)[0][1]
	if hex.EncodeToString(root.Trace[:]) != someTrace || hex.EncodeToString(root.Parent[:]) != someSpan || inner.Trace != root.Trace || inner.Parent != root.Span || inner.Span == root.Span {
		t.Errorf("the spans hang together wrongly: %+v", (*sunk)[0])
	}
	inner.Trace, inner.Span, inner.Parent, root.Trace, root.Span, root.Parent = ID{}, SpanID{}, SpanID{}, ID{}, SpanID{}, SpanID{}
	want := []Finished{
		{Name: "inner", Start: at.Add(1), End: at.Add(2), Attributes: []Attribute{{"size", int64(3)}}},
		{Name: "POST /x", Server: true, Failed: true, Start: at, End: at.Add(5), Attributes: []Attribute{{"status", int64(503)}}},
	}
	if diff := cmp.Diff(want, []Finished{inner, root}); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotSampledCostsNothing(t *testing.T) {
	tracer, sunk := recording(0)
	header := []byte("00-" + someTrace + "-" + someSpan + "-00")
	ctx := context.Background()
	if allocations := testing.AllocsPerRun(100, func() {
		s := tracer.Begin(header, at)
		Of(With(ctx, s)).Child("inner", at, at)
		s.End("x", at, false)
	}); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
	var none *Tracer
	none.Begin(nil, at).End("x", at, false)
	(&Tracer{Ratio: 1}).Begin(nil, at).End("x", at, false)
	if len(*sunk) != 0 {
		t.Errorf("handed on: %v", *sunk)
	}
}

func TestTheRatioIsTheShareThatIsFollowed(t *testing.T) {
	for _, ratio := range []float64{0, 0.2, 1} {
		tracer, sunk := recording(ratio)
		const n = 20_000
		for range n {
			tracer.Begin(nil, at).End("x", at, false)
		}
		if share := float64(len(*sunk)) / n; share < ratio-0.03 || share > ratio+0.03 {
			t.Errorf("of all requests %.3f were followed, want %.3f", share, ratio)
		}
	}
}

func TestTraceparentIsReadAsTheW3CDefinesIt(t *testing.T) {
	for _, try := range []struct {
		header  string
		sampled bool
	}{
		{"00-" + someTrace + "-" + someSpan + "-01", true},
		{"00-" + someTrace + "-" + someSpan + "-03", true},
		{"cc-" + someTrace + "-" + someSpan + "-01-more", true},
		{"00-" + someTrace + "-" + someSpan + "-00", false},
		{"00-" + someTrace + "-" + someSpan + "-01-more", false},
		{"cc-" + someTrace + "-" + someSpan + "-01more", false},
		{"ff-" + someTrace + "-" + someSpan + "-01", false},
		{"00-" + "4BF92F3577B34DA6A3CE929D0E0E4736" + "-" + someSpan + "-01", false},
		{"00-00000000000000000000000000000000-" + someSpan + "-01", false},
		{"00-" + someTrace + "-0000000000000000-01", false},
		{"00-" + someTrace[1:] + "--" + someSpan + "-01", false},
		{"00-" + someTrace + "-" + someSpan, false},
		{"", false},
		{"nonsense", false},
	} {
		if _, _, sampled := parse([]byte(try.header)); sampled != try.sampled {
			t.Errorf("%q: sampled is %v", try.header, sampled)
		}
	}
}

func FuzzTraceparent(f *testing.F) {
	f.Add([]byte("00-" + someTrace + "-" + someSpan + "-01"))
	f.Fuzz(func(t *testing.T, header []byte) {
		id, parent, sampled := parse(header)
		if sampled && (id == ID{} || parent == SpanID{}) {
			t.Errorf("%q is sampled without ids", header)
		}
	})
}
