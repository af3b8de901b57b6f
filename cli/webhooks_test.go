package cli

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/drills"
	"codexible/store/storetest"
)

// Each command prints what the API of a running service answers; a secret is printed once.
func TestWebhooksAreTheSameOnTheCommandLineAndInTheAPI(t *testing.T) {
	status := http.StatusNoContent
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(receiver.Close)
	storetest.EachURL(t, func(t *testing.T, url string) {
		status = http.StatusNoContent
		s := newShell(t, url)
		s.env["SECRET_KEY"], s.env["WEBHOOK_ALLOW_PRIVATE"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "127.0.0.0/8"
		r := s.serve()
		key := s.operatorKey()
		same := func(path string, args ...string) {
			t.Helper()
			var printed any
			s.json(&printed, args...)
			drills.Eventually(t, time.Second, "codexible "+strings.Join(args, " ")+" prints what GET "+path+" answers", func() bool { return reflect.DeepEqual(printed, r.list(t, path, key.Key)) })
		}
		var made, rotated, tested map[string]any
		s.json(&made, "webhook", "create", receiver.URL, "--description", "billing", "--type", "key.created,key.revoked")
		id, _ := made["id"].(string)
		s.json(&rotated, "webhook", "rotate-secret", id, "--overlap-seconds", "60")
		if secret, _ := made["secret"].(string); !strings.HasPrefix(secret, "whsec_") || rotated["secret"] == secret || rotated["overlaps_until"] == nil {
			t.Errorf("made %v, rotated %v", made, rotated)
		}
		same("/api/admin/webhooks", "webhook", "list")
		s.json(&tested, "webhook", "test", id)
		if tested["status"] != "delivered" {
			t.Errorf("tested %v", tested)
		}
		same("/api/admin/webhooks/"+id+"/deliveries", "webhook", "deliveries", id, "--type", "webhook.test")
		event, _ := tested["id"].(string)
		if code, _, stderr := s.try("", "webhook", "redeliver", id, event); code != ExitOK {
			t.Error(stderr)
		}
		drills.Eventually(t, time.Minute, "the running service to send it again", func() bool {
			list, _ := r.list(t, "/api/admin/webhooks/"+id+"/deliveries", key.Key).([]any)
			if len(list) != 1 {
				return false
			}
			d, _ := list[0].(map[string]any)
			tries, _ := d["tries"].([]any)
			return d["status"] == "delivered" && len(tries) >= 2
		})
		status = http.StatusTeapot
		if code, _, stderr := s.try("", "webhook", "test", id); code != ExitFailed || !strings.Contains(stderr, "the receiver answered 418") {
			t.Errorf("a test that is refused: exit %d, %s", code, stderr)
		}
		for _, args := range [][]string{{"change", id, "--type", "key.made"}, {"change", id, "--url", "http://10.0.0.1"}, {"rotate-secret", id, "--overlap-seconds", "604801"}, {"create", "http://8.8.8.8"}, {"delete", event}} {
			if code, stdout, _ := s.try("", append([]string{"webhook"}, args...)...); code != ExitFailed || stdout != "" {
				t.Errorf("codexible webhook %s: exit %d, %s", strings.Join(args, " "), code, stdout)
			}
		}
		if code, _, stderr := s.try("", "webhook", "change", id, "--all-types", "--enabled=false"); code != ExitOK {
			t.Error(stderr)
		}
		same("/api/admin/webhooks", "webhook", "list")
		if code, _, stderr := s.try("", "webhook", "delete", id); code != ExitOK {
			t.Error(stderr)
		}
		same("/api/admin/webhooks", "webhook", "list")
	})
}
