package handlers_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/handlers"
)

func TestManySignInsAtOnceDoNotLockOutTheOperatorsOwnBrowser(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	owner := s.operator(t).from("192.0.2.1")
	owner.get("/admin").submit("/admin/logout")
	owner.get("/admin/login")
	// All strangers share one visitor cookie: they count by the address that each gives.
	stranger := s.visitor(t)
	stranger.get("/admin/login")
	cookie, form := stranger.answer.Cookies()[0], stranger.hidden("/admin/login")
	const crowd = 500
	var (
		wg        sync.WaitGroup
		mu        sync.Mutex
		statuses  = map[int]int{}
		impatient []string
	)
	sent := make(chan struct{}, crowd)
	for i := range crowd {
		own := form.Encode() + fmt.Sprintf("&email=u%d%%40example.com&password=wrong", i)
		wg.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address+"/admin/login", strings.NewReader(own))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", i/250, i%250))
			sent <- struct{}{}
			answer, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = answer.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			statuses[answer.StatusCode]++
			if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
				impatient = append(impatient, answer.Status)
			}
		})
	}
	for range crowd {
		<-sent
	}
	began := time.Now()
	owner.submit("/admin/login", "email", "root@example.com", "password", operatorPassword)
	took := time.Since(began)
	if owner.status != http.StatusSeeOther || owner.location != "/admin" || took > 2*time.Second {
		t.Errorf("the operator's own sign-in is answered %d after %s: %s", owner.status, took, owner.page)
	}
	wg.Wait()
	if statuses[http.StatusUnprocessableEntity]+statuses[http.StatusServiceUnavailable] != crowd || len(impatient) > 0 {
		t.Errorf("the other sign-ins are answered %v, %d of them without Retry-After; want 422 and 503 alone", statuses, len(impatient))
	}
	t.Logf("the operator waited %s beside a crowd that was answered %v", took.Round(time.Millisecond), statuses)
}
