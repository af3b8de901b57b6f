package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// completion is the body of a call of a model, and answer what the model of the bench
// answers: 1 KB.
var (
	completion = `{"model":"bench","messages":[{"role":"user","content":"` + strings.Repeat("word ", 170) + `"}]}`
	answer     = []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("word ", 150) + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":150,"total_tokens":350}}`)
)

// serveModel is the provider of the bench: it answers at once, or streams as many events as
// the model's name says: bench-100-5 is 100 events with 5 ms before each; bench-idle opens
// a stream and says nothing more until its client leaves.
func serveModel() error {
	server := &http.Server{Addr: os.Getenv("HOST") + ":" + os.Getenv("PORT"), Handler: http.HandlerFunc(answerModel), ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}

func answerModel(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	var asked struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if json.Unmarshal(body, &asked) != nil || !asked.Stream {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	event := func(text string) { _, _ = io.WriteString(w, "data: "+text+"\n\n"); _ = flush() }
	event(`{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"begun"}}]}`)
	if asked.Model == "bench-idle" {
		<-r.Context().Done()
		return
	}
	var events, pause int
	_, _ = fmt.Sscanf(asked.Model, "bench-%d-%d", &events, &pause)
	for range events {
		time.Sleep(time.Duration(pause) * time.Millisecond)
		event(fmt.Sprintf(`{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"%d "}}]}`, time.Now().UnixNano()))
	}
	event(`{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":200,"completion_tokens":150,"total_tokens":350}}`)
	event("[DONE]")
}

// serveProxy passes requests on to a model and keeps no books: what the way through a second
// process costs by itself.
func serveProxy(to string) error {
	target, err := url.Parse(to)
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: -1,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	}
	server := &http.Server{Addr: os.Getenv("HOST") + ":" + os.Getenv("PORT"), Handler: proxy, ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}

// modelNames are the names that serveModel knows.
var modelNames = []string{"bench", "bench-idle", "bench-200-5", "bench-20000-0"}

// offer offers the models of the bench through the admin API.
func (s *service) offer(ctx context.Context, model *server) error {
	call := func(path, body string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+s.AdminKey)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		said, err := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
			return fmt.Errorf("POST %s: %d %s", path, response.StatusCode, said)
		}
		return err
	}
	if err := call("/api/admin/upstreams", `{"name":"bench","kind":"compatible","base_url":"`+model.URL+`/v1","keys":[]}`); err != nil {
		return err
	}
	for _, name := range modelNames {
		if err := call("/api/admin/models", `{"name":"`+name+`","candidates":[{"upstream":"bench"}]}`); err != nil {
			return err
		}
		if err := call("/api/admin/prices", `{"model":"`+name+`","usd_per_million":{"input":1,"output":3},"charge":{"mode":"request","credits":0.001}}`); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) complete(name string, connections int) load {
	return load{Name: name, URL: s.URL, Kind: "complete", Path: "/v1/chat/completions", Body: completion, Keys: s.KeysFile, Connections: connections}
}

// gateway measures calls of models beside the direct call and bare Fiber.
func (b *bench) gateway(ctx context.Context, services map[string]*service) error {
	model, err := start(ctx, "/", nil, b.self, "model")
	if err != nil {
		return err
	}
	b.servers = append(b.servers, model)
	proxy, err := start(ctx, "/", nil, b.self, "proxy", model.URL)
	if err != nil {
		return err
	}
	b.servers = append(b.servers, proxy)
	sqlite, postgres := services["sqlite small"], services["postgres small"]
	for _, s := range []*service{sqlite, postgres} {
		if err := s.offer(ctx, model); err != nil {
			return err
		}
	}
	direct := load{Name: "the model itself", URL: model.URL, Kind: "complete", Path: "/v1/chat/completions", Body: completion, Keys: sqlite.KeysFile, Connections: busy}
	proxied := direct
	proxied.Name, proxied.URL = "through a proxy that keeps no books", proxy.URL
	loads := []load{{Name: "bare Fiber hello", URL: b.hello.URL, Kind: "plain", Path: "/", Connections: busy}, direct, proxied, sqlite.complete("through the gateway, SQLite FULL", busy), postgres.complete("through the gateway, Postgres", busy)}
	progress("gateway: calls of 1 KB, %d rounds of %d s", b.rounds, b.seconds)
	samples, err := interleave(ctx, loads, b.rounds, b.seconds)
	if err != nil {
		return err
	}
	b.report.calls(loads, samples)
	if err := b.added(ctx, direct, proxied, sqlite, postgres); err != nil {
		return err
	}
	return b.streams(ctx, model, proxy, sqlite)
}

// added is what a call takes longer at one connection, beside two bare commits.
func (b *bench) added(ctx context.Context, direct, proxied load, services ...*service) error {
	direct.Connections, proxied.Connections = 1, 1
	for _, s := range services {
		samples, err := interleave(ctx, []load{direct, proxied, s.complete("", 1)}, b.rounds, max(b.seconds/2, 1))
		if err != nil {
			return err
		}
		commit, err := b.bareCommit(ctx, s.database)
		if err != nil {
			return err
		}
		micros := func(s []sample) time.Duration { return time.Duration(median(pick(s, p50))) * time.Microsecond }
		b.report.added(s.database, micros(samples[0]), micros(samples[1]), micros(samples[2]), commit)
	}
	return nil
}

// streamed is what one stream measured: the time to its first event, and of each other event
// the time from when the model wrote it to when it was read.
type streamed struct {
	first time.Duration
	late  []time.Duration
	bytes int
}

func stream(ctx context.Context, address, key, model string, stop chan struct{}) (s streamed, err error) {
	body := `{"model":"` + model + `","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"go"}]}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return s, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	began := time.Now()
	response, err := streamClient.Do(request)
	if err != nil {
		return s, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(response.Body)
		return s, fmt.Errorf("a stream was answered with %d %s", response.StatusCode, said)
	}
	if stop != nil { // an idle one: its first bytes are read, and then it stays open
		_, err = response.Body.Read(make([]byte, 512))
		stop <- struct{}{}
		<-ctx.Done()
		return s, err
	}
	lines := bufio.NewReaderSize(response.Body, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		now := time.Now()
		s.bytes += len(line)
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		if s.first == 0 {
			s.first = now.Sub(began)
		}
		_, rest, ok := bytes.Cut(line, []byte(`"content":"`))
		if digits, _, found := bytes.Cut(rest, []byte(" ")); ok && found {
			if nanos, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
				s.late = append(s.late, now.Sub(time.Unix(0, nanos)))
			}
		}
	}
}

var streamClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: (&net.Dialer{}).DialContext}}

// streams measures streams through the gateway beside the model itself.
func (b *bench) streams(ctx context.Context, model, proxy *server, s *service) error {
	keys, err := readLines(s.KeysFile)
	if err != nil {
		return err
	}
	progress("gateway: streams")
	var first, late [3][]time.Duration
	for range b.rounds {
		for i, address := range []string{model.URL, proxy.URL, s.URL} {
			one, err := stream(ctx, address, keys[0], "bench-200-5", nil)
			if err != nil {
				return err
			}
			first[i] = append(first[i], one.first)
			late[i] = append(late[i], one.late...)
		}
	}
	b.report.stream(first, late)
	before := cpu(s.cmd.Process.Pid)
	bulk, err := stream(ctx, s.URL, keys[1], "bench-20000-0", nil)
	if err != nil {
		return err
	}
	b.report.bulk(bulk.bytes, cpu(s.cmd.Process.Pid)-before)
	counts := []int{1000, 5000}
	if b.quick {
		counts = []int{100}
	}
	for _, count := range counts {
		if err := b.idle(ctx, s, keys, count); err != nil {
			return err
		}
	}
	return nil
}

// idle holds many streams open in which nothing happens.
func (b *bench) idle(ctx context.Context, s *service, keys []string, count int) error {
	const each = 2 // files of this process for a stream, and some to spare
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || int(files.Cur) < each*count {
		progress("gateway: %d idle streams are left out: the limit of open files is %d", count, files.Cur)
		return nil //nolint:nilerr // said above
	}
	before := s.residentMB()
	group, ctx := errgroup.WithContext(ctx)
	ctx, leave := context.WithCancel(ctx)
	opened := make(chan struct{}, count)
	for i := range count {
		group.Go(func() error {
			_, err := stream(ctx, s.URL, keys[i%len(keys)], "bench-idle", opened)
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it was ended
			}
			return err
		})
	}
	for range count {
		select {
		case <-opened:
		case <-ctx.Done():
			leave()
			return group.Wait()
		case <-time.After(time.Minute):
			leave()
			return fmt.Errorf("%d idle streams did not open within a minute", count)
		}
	}
	after := s.residentMB()
	began := cpu(s.cmd.Process.Pid)
	time.Sleep(5 * time.Second)
	used := cpu(s.cmd.Process.Pid) - began
	leave()
	err := group.Wait()
	b.report.idle(count, before, after, used/5)
	return err
}

// cpu is how much processor time a process has used.
func cpu(pid int) time.Duration {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	const ticks = 100 // a second, on Linux
	return time.Duration(user+system) * time.Second / ticks
}

func readLines(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	return strings.Fields(string(text)), err
}

func (r *report) calls(loads []load, samples [][]sample) {
	s := r.section("Calls of models", "A chat completion of 1 KB that is not streamed, 64 connections. Each call makes two durable commits: its hold and its settlement.",
		"request", "requests/s", "ratio to bare Fiber", "lowest and highest run", "p50 ms", "p99 ms", "errors")
	bare := median(pick(samples[0], rps))
	for i, l := range loads {
		runs := pick(samples[i], rps)
		s.row(l.Name, fmt.Sprintf("%.0f", median(runs)), fmt.Sprintf("%.3f", median(runs)/bare), spread(runs, "%.0f"), millis(median(pick(samples[i], p50))), millis(median(pick(samples[i], p99))), fmt.Sprint(errorsIn(samples[i])))
	}
}

func (r *report) added(database string, direct, proxied, through, commit time.Duration) {
	s := r.section("A single call", "The median with one connection, of the model itself and through the gateway, beside the median of a plain one-row commit of the same run.",
		"database", "direct ms", "through a proxy ms", "through the gateway ms", "added ms", "two plain commits ms", "added beyond them ms")
	ms := func(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
	s.row(database, ms(direct), ms(proxied), ms(through), ms(through-direct), ms(2*commit), ms(through-direct-2*commit))
}

func (r *report) stream(first, late [3][]time.Duration) {
	s := r.section("Streams", "200 events, 5 ms apart, on SQLite: the time to the first event, and from when the model wrote an event to when the client read it.",
		"", "the model itself, µs", "through a proxy, µs", "through the gateway, µs", "added, µs", "added beyond the proxy, µs")
	row := func(name string, d [3][]time.Duration) {
		direct, proxied, through := median(d[0]), median(d[1]), median(d[2])
		s.row(name, fmt.Sprint(direct.Microseconds()), fmt.Sprint(proxied.Microseconds()), fmt.Sprint(through.Microseconds()), fmt.Sprint((through - direct).Microseconds()), fmt.Sprint((through - proxied).Microseconds()))
	}
	row("first event, median", first)
	row("each event, median", late)
}

func (r *report) bulk(bytes int, used time.Duration) {
	s := r.section("Processor time of streams", "One stream of 20 000 events without pauses.", "megabytes", "processor ms", "ms per megabyte")
	mb := float64(bytes) / (1 << 20)
	s.row(fmt.Sprintf("%.1f", mb), fmt.Sprint(used.Milliseconds()), fmt.Sprintf("%.0f", float64(used.Milliseconds())/mb))
}

func (r *report) idle(count int, before, after float64, used time.Duration) {
	s := r.section("Idle streams", "Streams in which nothing happens: the memory that the process holds, and the processor time that a second takes.",
		"streams", "MiB before", "MiB with them", "KiB per stream", "processor ms a second")
	s.row(fmt.Sprint(count), fmt.Sprintf("%.0f", before), fmt.Sprintf("%.0f", after), fmt.Sprintf("%.0f", (after-before)*1024/float64(count)), fmt.Sprint(used.Milliseconds()))
}
