package codexible

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	serviceKey  = "codexible_demo_service_2026"
	customerKey = "codexible_demo_business_2026"
)

// demo is the address of a demo of the service of this repository, which runs as long as the tests.
var demo = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "codexible")
	if err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() { _ = os.RemoveAll(folder) })
	program := filepath.Join(folder, "codexible")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := free.Addr().String()
	_ = free.Close()
	serve := exec.Command(program, "serve", "--demo")
	serve.Dir, serve.Env = folder, []string{"PORT=" + address[strings.LastIndex(address, ":")+1:], "HOST=127.0.0.1", "TMPDIR=" + folder}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return "", err
	}
	serve.Stdout, serve.Stderr = log, log
	if err := serve.Start(); err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() { _ = serve.Process.Kill(); _ = serve.Wait() })
	url := "http://" + address
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get(url + "/health/ready"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return url, nil
			}
		}
	}
	text, _ := os.ReadFile(log.Name())
	return "", errors.New("the service does not answer: " + string(text))
})

var cleanups []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, cleanup := range slices.Backward(cleanups) {
		cleanup()
	}
	os.Exit(code)
}

func service(t *testing.T, key string, options ...ClientOption) *ClientWithResponses {
	t.Helper()
	url, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(url, key, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// used is what the customer's day has used, and what is held.
func used(t *testing.T) (used, held int64) {
	t.Helper()
	answer, err := service(t, serviceKey).VerifyWithResponse(t.Context(), VerifyRequest{Key: customerKey})
	if err != nil || answer.JSON200 == nil || answer.JSON200.Credits == nil {
		t.Fatalf("%+v, %v", answer, err)
	}
	return answer.JSON200.Credits.Used, answer.JSON200.Credits.Held
}

// changes checks by how much the customer's day grows, and that no hold stays open.
func changes(t *testing.T, by int64, do func()) {
	t.Helper()
	before, _ := used(t)
	do()
	if after, held := used(t); after-before != by || held != 0 {
		t.Errorf("%d credits were charged and %d are held, want %d and 0", after-before, held, by)
	}
}

func asking(credits int64) VerifyRequest {
	return VerifyRequest{Key: customerKey, Hold: &HoldRequest{Credits: &credits}}
}

func TestAHoldIsSettledByWhatTheWorkReturns(t *testing.T) {
	changes(t, 3, func() {
		settled, err := WithHold(t.Context(), service(t, serviceKey), asking(10), func(_ context.Context, h *Held) (SettleRequest, error) {
			if _, held := used(t); held != 10 || h.Verdict.User == nil {
				t.Errorf("during the work %d are held, and the verdict is %+v", held, h.Verdict)
			}
			return SettleRequest{Credits: new(int64(3))}, nil
		})
		if err != nil || settled.Charged != 3 || settled.Duplicate {
			t.Errorf("settled %+v, %v", settled, err)
		}
	})
}

func TestAHoldOfUsageIsChargedByItsPrice(t *testing.T) {
	offered, err := service(t, customerKey).OverviewWithResponse(t.Context())
	if err != nil || offered.JSON200 == nil {
		t.Fatalf("%+v, %v", offered, err)
	}
	ask := VerifyRequest{Key: customerKey, Hold: &HoldRequest{Usage: &CallUsage{Model: "gpt-5-mini", InputTokens: new(int64(1000)), OutputTokens: new(int64(4000))}}}
	settled, err := WithHold(t.Context(), service(t, serviceKey), ask, func(context.Context, *Held) (SettleRequest, error) {
		return SettleRequest{Usage: &HoldUsage{InputTokens: new(int64(900)), OutputTokens: new(int64(10))}}, nil
	})
	if err != nil || settled.PriceId == nil {
		t.Errorf("settled %+v, %v", settled, err)
	}
}

func TestWorkThatFailsReleasesTheHoldOrChargesWhatWasDelivered(t *testing.T) {
	broken := errors.New("the provider broke off")
	changes(t, 0, func() {
		if settled, err := WithHold(t.Context(), service(t, serviceKey), asking(10), func(context.Context, *Held) (SettleRequest, error) {
			return SettleRequest{}, broken
		}); !errors.Is(err, broken) || settled != nil {
			t.Errorf("settled %+v, %v", settled, err)
		}
	})
	changes(t, 2, func() {
		if _, err := WithHold(t.Context(), service(t, serviceKey), asking(10), func(_ context.Context, h *Held) (SettleRequest, error) {
			h.Delivered(Delivered{Credits: new(int64(2))})
			return SettleRequest{}, broken
		}); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
	changes(t, 0, func() {
		defer func() {
			if recover() != "a mistake" {
				t.Error("the panic did not go on")
			}
		}()
		_, _ = WithHold(t.Context(), service(t, serviceKey), asking(10), func(context.Context, *Held) (SettleRequest, error) { panic("a mistake") })
	})
}

func TestWorkWhoseCallerLeftIsSettled(t *testing.T) {
	changes(t, 4, func() {
		ctx, leave := context.WithCancel(t.Context())
		if settled, err := WithHold(ctx, service(t, serviceKey), asking(10), func(context.Context, *Held) (SettleRequest, error) {
			leave()
			return SettleRequest{Credits: new(int64(4))}, nil
		}); err != nil || settled.Charged != 4 {
			t.Errorf("settled %+v, %v", settled, err)
		}
	})
}

func TestARefusalSaysWhy(t *testing.T) {
	_, err := WithHold(t.Context(), service(t, serviceKey), asking(1_000_000), func(context.Context, *Held) (SettleRequest, error) {
		t.Error("it worked without a hold")
		return SettleRequest{}, nil
	})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Verdict.Code != VerdictCodeQUOTAEXCEEDED || !strings.Contains(err.Error(), "QUOTA_EXCEEDED") {
		t.Errorf("refused with %v", err)
	}
	_, err = WithHold(t.Context(), service(t, customerKey), asking(1), nil)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Status != http.StatusForbidden || failed.RequestId == "" || strings.Contains(err.Error(), customerKey) {
		t.Errorf("a customer's key is refused with %v", err)
	}
	if _, err = WithHold(t.Context(), service(t, serviceKey), VerifyRequest{Key: customerKey}, nil); err == nil {
		t.Error("it worked without saying what to hold")
	}
}

// losing makes every request twice: the first time its answer is lost, or is that of a service that is away.
type losing struct{ n atomic.Int64 }

func (l *losing) Do(request *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	switch l.n.Add(1) % 3 {
	case 1:
		_ = answer.Body.Close()
		return nil, io.ErrUnexpectedEOF
	case 2:
		_ = answer.Body.Close()
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"0"}}, Body: http.NoBody, Request: request}, nil
	}
	return answer, nil
}

func TestAnswersThatAreLostChangeNothing(t *testing.T) {
	lost := &losing{}
	changes(t, 5, func() {
		settled, err := WithHold(t.Context(), service(t, serviceKey, WithHTTPClient(lost)), asking(10), func(context.Context, *Held) (SettleRequest, error) {
			return SettleRequest{Credits: new(int64(5))}, nil
		})
		if err != nil || settled.Charged != 5 || !settled.Duplicate || lost.n.Load() != 6 {
			t.Errorf("settled %+v in %d requests, %v", settled, lost.n.Load(), err)
		}
	})
}

func TestAHoldIsExtendedWithWhatWasDelivered(t *testing.T) {
	extended := make(chan ExtendRequest, 100)
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body ExtendRequest
		if err := json.NewDecoder(r.Body).Decode(&body); err == nil && strings.HasSuffix(r.URL.Path, "/extend") {
			extended <- body
		}
		w.WriteHeader(http.StatusServiceUnavailable) // the next one makes up for it
	}))
	t.Cleanup(fake.Close)
	c, err := New(fake.URL, "key")
	if err != nil {
		t.Fatal(err)
	}
	h := &Held{ID: uuid.New()}
	stop := h.keep(t.Context(), c, 3*time.Second/100)
	first := <-extended
	h.Delivered(Delivered{Credits: new(int64(7))})
	for body := range extended {
		if body.Delivered != nil {
			if *body.Delivered.Credits != 7 || first.Delivered != nil {
				t.Errorf("extended with %+v, then %+v", first, body)
			}
			break
		}
	}
	stop()
}
