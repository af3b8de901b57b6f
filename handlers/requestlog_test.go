package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

func TestTheLineOfARequestIsTheOneThatSlogWouldWrite(t *testing.T) {
	someone := &keys.Identity{}
	someone.User.ID, someone.Key.ID = uuid.MustParse("0190163d-8694-739b-aea5-966c26f8ad91"), uuid.MustParse("0190163d-8694-739b-aea5-966c26f8ad92")
	someone.User.Role = accounts.RoleUser
	lines := map[string]requestLine{
		"plain": {requestID: "r-1", method: "GET", route: "/health", status: 200, took: 1234 * time.Microsecond, address: netip.MustParseAddr("127.0.0.1")},
		"key":   {requestID: "r-2", method: "POST", route: "/api/keys/:id", status: 404, address: netip.MustParseAddr("2001:db8::1"), identity: someone},
		"page":  {requestID: "r-4", method: "POST", route: "/admin/plans", status: 303, address: netip.MustParseAddr("127.0.0.1"), operator: someone.User.ID},
		"odd":   {requestID: `say "hi" <b>&\`, method: "GET", route: "unmatched", status: 404},
		"cause": {requestID: "r-3", method: "GET", route: "/", status: 503, cause: errors.New("line one\nline two \"quoted\" é\x00")},
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)
	for name, line := range lines {
		for _, level := range []slog.Level{slog.LevelInfo, slog.LevelError} {
			var ours, theirs bytes.Buffer
			record := slog.NewRecord(at, level, "request", 0)
			record.AddAttrs(slog.Any("", &line))
			for _, handler := range []slog.Handler{NewJSONLog(&ours, slog.LevelInfo), slog.NewJSONHandler(&theirs, nil)} {
				if err := handler.Handle(context.Background(), record); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := decoded(t, ours.Bytes()), decoded(t, theirs.Bytes()); got != want || bytes.Count(ours.Bytes(), []byte("\n")) != 1 {
				t.Errorf("%s at %s:\n got %s\nwant %s", name, level, ours.Bytes(), theirs.Bytes())
			}
		}
	}
}

func TestTheLineOfARequestIsFlatAsTextToo(t *testing.T) {
	var written bytes.Buffer
	record := slog.NewRecord(time.Time{}, slog.LevelInfo, "request", 0)
	record.AddAttrs(slog.Any("", &requestLine{requestID: "r-1", method: "GET", route: "/health", status: 200, address: netip.MustParseAddr("127.0.0.1")}))
	if err := slog.NewTextHandler(&written, nil).Handle(context.Background(), record); err != nil {
		t.Fatal(err)
	}
	if want := "level=INFO msg=request request_id=r-1 method=GET route=/health status=200 latency_us=0 address=127.0.0.1\n"; written.String() != want {
		t.Errorf("got %q, want %q", &written, want)
	}
}

func TestLinesLoggedAtOnceAreKeptApart(t *testing.T) {
	const writers, each = 8, 200
	var written bytes.Buffer
	handler := NewJSONLog(&written, slog.LevelInfo)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			line := requestLine{requestID: strings.Repeat(string(rune('a'+w)), 100), method: "GET", route: "/", status: 200}
			for range each {
				record := slog.NewRecord(time.Unix(0, 0), slog.LevelInfo, "request", 0)
				record.AddAttrs(slog.Any("", &line))
				_ = handler.Handle(context.Background(), record)
				slog.New(handler).Info("something else", "id", line.requestID)
			}
		})
	}
	writing.Wait()
	seen := map[string]int{}
	for line := range strings.Lines(written.String()) {
		var fields struct {
			RequestID string `json:"request_id"`
			ID        string `json:"id"`
		}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		seen[fields.RequestID+fields.ID]++
	}
	for w := range writers {
		if n := seen[strings.Repeat(string(rune('a'+w)), 100)]; n != 2*each {
			t.Errorf("writer %d has %d lines, want %d", w, n, 2*each)
		}
	}
}

func TestAnyOtherLineIsWrittenBySlog(t *testing.T) {
	var ours, theirs bytes.Buffer
	for _, handler := range []slog.Handler{NewJSONLog(&ours, slog.LevelWarn), slog.NewJSONHandler(&theirs, &slog.HandlerOptions{Level: slog.LevelWarn})} {
		for _, args := range [][]any{{"n", 1}, {"n", 1, "m", "x"}, nil} {
			record := slog.NewRecord(time.Unix(0, 0).UTC(), slog.LevelWarn, "watch out", 0)
			record.Add(args...)
			if err := handler.WithAttrs([]slog.Attr{slog.String("part", "a")}).Handle(context.Background(), record); err != nil {
				t.Fatal(err)
			}
			if err := handler.Handle(context.Background(), record); err != nil {
				t.Fatal(err)
			}
		}
		if handler.Enabled(context.Background(), slog.LevelInfo) {
			t.Error("a record below the level is written")
		}
	}
	if ours.String() != theirs.String() {
		t.Errorf("got\n%swant\n%s", &ours, &theirs)
	}
}

func BenchmarkRequestLine(b *testing.B) {
	line := requestLine{
		requestID: "5f0c6e8a9b1d4c3e8f7a6b5c4d3e2f1a", method: "POST", route: "/api/keys/verify", status: 200, took: 87 * time.Microsecond,
		address: netip.MustParseAddr("192.0.2.7"), identity: &keys.Identity{},
	}
	for name, handler := range map[string]slog.Handler{"ours": NewJSONLog(io.Discard, slog.LevelInfo), "slog": slog.NewJSONHandler(io.Discard, nil)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				record := slog.NewRecord(time.Now(), slog.LevelInfo, "request", 0)
				record.AddAttrs(slog.Any("", &line))
				_ = handler.Handle(context.Background(), record)
			}
		})
	}
}

// decoded is a line with its fields in their order, read back: two ways of
// escaping a character mean the same.
func decoded(t *testing.T, line []byte) string {
	t.Helper()
	var out bytes.Buffer
	var fields []string
	var v map[string]any
	if err := jsonDecode(line, &v, &fields); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	for _, f := range fields {
		_, _ = out.WriteString(f + "=")
		_, _ = out.WriteString(slog.AnyValue(v[f]).String() + ";")
	}
	return out.String()
}

// jsonDecode reads an object and the names of its fields in their order.
func jsonDecode(text []byte, into *map[string]any, names *[]string) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		*names = append(*names, name.(string))
		if _, err := decoder.Token(); err != nil {
			return err
		}
	}
	return nil
}
