package drills

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/listener"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/klauspost/compress/zstd"
)

// bomb compresses a body that is larger than any that is taken, most of it one letter.
func bomb(t *testing.T, compress func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := compress(&out)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, `{"model":"finishing","input":"`)
	for piece := bytes.Repeat([]byte("x"), 1<<20); ; {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		if out.Len() > 1<<18 {
			break
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Bodies that are made to cost more than they are worth are refused plainly, before anything is held, and soon.
func TestHostileBodiesOfCallsAreRefused(t *testing.T) {
	database := storetest.SQLiteURL(t)
	fake, provider := fakeProvider(t)
	s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
	p := startProgram(t, "DATABASE_URL="+database, "GOMEMLIMIT=200MiB")
	const largest, mostMiB = 32 << 20, 350
	gzipped := bomb(t, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) })
	zstandard := bomb(t, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(1<<20)) })
	wide := bomb(t, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(64<<20)) })
	model := `{"model":"finishing",`
	for what, c := range map[string]struct {
		body     []byte
		encoding string
		status   int
		says     string
	}{
		"32 MiB of [":              {bytes.Repeat([]byte("["), largest), "", http.StatusBadRequest, "not a JSON object"},
		"32 MiB of [ inside":       {[]byte(model + `"input":` + strings.Repeat("[", largest-len(model)-len(`"input":`))), "", http.StatusBadRequest, "nested deeper than"},
		"a byte more than 32 MiB":  {bytes.Repeat([]byte("["), largest+1), "", http.StatusRequestEntityTooLarge, "larger than 32 MiB"},
		"a gzip bomb":              {gzipped, "gzip", http.StatusRequestEntityTooLarge, "larger than 32 MiB"},
		"a zstd bomb":              {zstandard, "zstd", http.StatusRequestEntityTooLarge, "larger than 32 MiB"},
		"a zstd bomb, wide":        {wide, "zstd", http.StatusBadRequest, "window of more than 8 MiB"},
		"two models":               {[]byte(model + `"model":"stopping"}`), "", http.StatusBadRequest, "model twice"},
		"two streams":              {[]byte(model + `"stream":true,"stream":false}`), "", http.StatusBadRequest, "stream twice"},
		"a key that is escaped":    {[]byte(model + `"\u006dodel":"stopping"}`), "", http.StatusBadRequest, "model twice"},
		"a million keys":           {[]byte(model + strings.Repeat(`"a":0,`, 1_000_000)), "", http.StatusBadRequest, "not valid JSON"},
		"no JSON, but gzip":        {[]byte("{}"), "gzip", http.StatusBadRequest, "not what its header Content-Encoding says"},
		"an unheard-of encoding":   {[]byte("{}"), "br", http.StatusBadRequest, "content encoding"},
		"an encoding in encodings": {gzipped, "gzip, gzip", http.StatusBadRequest, "content encoding"},
	} {
		on := wires
		if len(c.body) > 1<<20 {
			on = wires[:1]
		}
		for _, wire := range on {
			m := &made{wire: wire}
			r := m.request(t.Context(), p.url, s.secrets[0])
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			began := time.Now()
			response, err := callClient.Do(r)
			if err != nil {
				t.Errorf("%s on %s: %v", what, wire, err)
				continue
			}
			answer, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || response.StatusCode != c.status || !bytes.Contains(answer, []byte(c.says)) || !bytes.Contains(answer, []byte(`"error"`)) {
				t.Errorf("%s on %s: %d %v %.300s", what, wire, response.StatusCode, err, answer)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s on %s took %s", what, wire, took)
			}
		}
	}
	if n := fake.Count(); n > 0 {
		t.Errorf("%d of them reached the provider", n)
	}
	if n := storetest.Count(t, storetest.Raw(t, database), "SELECT COUNT(*) FROM holds"); n > 0 {
		t.Errorf("%d of them were held", n)
	}
	if peak := p.peakMiB(); peak > mostMiB {
		t.Errorf("they took %d MiB", peak)
	}
	good := &made{wire: upstream.Chat, model: finishing}
	if good.make(p.url, s.secrets[0]); !good.whole() {
		t.Errorf("a good call after them: %d %.300s", good.status, good.body)
	}
	t.Logf("at most %d MiB", p.peakMiB())
	p.stop(t)
	s.reconciled(t)
}

// stall opens a call whose client sends a part of its body only, or reads no answer, and leaves it so.
func (m *made) stall(t *testing.T, p *process, secret string, wholeBody bool) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	body := m.asks()
	text := fmt.Sprintf("POST /v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s: %s\r\n%s: %d\r\nContent-Length: %d\r\n\r\n",
		m.wire, secret, scriptHeader, m.script, numberHeader, m.number, len(body))
	if !wholeBody {
		body = body[:len(body)/2]
	}
	if _, err := io.WriteString(conn, text+body); err != nil {
		t.Fatal(err)
	}
	return conn
}

// secureProvider serves a provider by HTTP/2 until the test ends: many calls share few connections. The file has its certificate.
func secureProvider(t *testing.T, h http.Handler) (url, file string) {
	t.Helper()
	cert, key := NewPair(t, 1)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	file = filepath.Join(t.TempDir(), "provider.pem")
	if err := os.WriteFile(file, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, file
}

// Clients that stall, by the thousands, neither fill the memory nor keep other calls from going on, and what they held
// is settled when they leave.
func TestTortureStalledClientsLeaveRoomForOthers(t *testing.T) {
	const slow, mostMiB = 40, 300
	stalled := rounds(60, 10_000)
	raiseFiles(t, stalled+stalled/2+listener.OtherFiles)
	database := storetest.SQLiteURL(t)
	fake := upstream.New(upstream.Options{Keep: 100_000, Script: func(r upstream.Request) upstream.Script {
		return upstream.ParseScript(":" + r.Header.Get(scriptHeader))
	}})
	provider, file := secureProvider(t, fake)
	s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1_000_000, 20, gateway.Cancel)
	p := startProgram(t, "DATABASE_URL="+database, "SSL_CERT_FILE="+file, "LOG_LEVEL=warn")
	raw := storetest.Raw(t, database)
	quiet := p.residentMiB()
	conns := make([]net.Conn, 0, stalled)
	for i := range stalled {
		m := &made{number: i, wire: wires[i%len(wires)], model: finishing, script: "endless:pause-20"}
		conns = append(conns, m.stall(t, p, s.secrets[0], true))
	}
	Eventually(t, 5*time.Minute, "all calls to be held", func() bool {
		return storetest.Count(t, raw, "SELECT COUNT(*) FROM holds") == int64(stalled)
	})
	began := time.Now()
	uploads := make([]net.Conn, 0, slow)
	for i := range slow {
		m := &made{number: stalled + i, wire: wires[i%len(wires)], model: finishing}
		uploads = append(uploads, m.stall(t, p, s.secrets[0], false))
	}
	good, slowest := 0, time.Duration(0)
	for ; good < 60; good++ {
		m := &made{number: 1_000_000 + good, wire: wires[good%len(wires)], model: finishing, plain: good%2 == 0}
		began := time.Now()
		if m.make(p.url, s.secrets[0]); !m.whole() {
			t.Errorf("beside stalled clients a call is answered %d: %v %.300s", m.status, m.err, m.body)
		}
		slowest = max(slowest, time.Since(began))
	}
	if most := 5 * time.Second; slowest > most {
		t.Errorf("beside stalled clients a call took %s", slowest)
	}
	if rounds(0, 1) > 0 {
		for _, conn := range uploads { // nothing comes of them: 408 in the shape of the wire
			_ = conn.SetReadDeadline(began.Add(time.Minute))
			answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
			if !bytes.Contains(answer, []byte("HTTP/1.1 408 ")) || !bytes.Contains(answer, []byte("more slowly than 16 KiB/s")) {
				t.Errorf("a slow upload: %v %.300q", err, answer)
			}
		}
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("slow uploads were awaited for %s", took)
		}
	}
	memory := p.peakMiB()
	if most := mostMiB + stalled/10; memory > most {
		t.Errorf("beside %d stalled clients it holds %d MiB", stalled, memory)
	}
	for _, conn := range append(conns, uploads...) {
		_ = conn.Close()
	}
	s.settled(t, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := fake.Wait(ctx); err != nil {
		t.Error("the provider is still asked:", err)
	}
	p.stop(t)
	s.reconciled(t)
	charges := s.charges(t)
	got := map[usage.CallOutcome]int{}
	for _, c := range charges {
		got[c.Call.Outcome]++
	}
	if got[usage.CallComplete] != good || got[usage.CallClientGone] != stalled {
		t.Errorf("%d clients stalled and %d did not; charges: %s", stalled, good, outcomes(charges))
	}
	t.Logf("%d stalled clients: %d MiB, %d before them; beside them the slowest of %d calls took %s", stalled, memory, quiet, good, slowest.Round(time.Millisecond))
}
