package handlers_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codexible/events"
	"codexible/handlers"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

const webhooks = "/api/admin/webhooks"

func webhookJSON(url, rest string) string {
	return `{"id":"*","url":"` + url + `",` + rest + `,"problem":null,"created_at":"2026-03-04T12:00:02Z"}`
}

// sending answers as a receiver would that was sent a test.
func sending(a *events.Answer) setting {
	return func(p *handlers.Parts) {
		p.SendWebhook = func(context.Context, *events.Webhook, *events.Event) events.Answer { return *a }
	}
}

func TestAWebhookIsAddedChangedRotatedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const defaults = `"description":"","types":[],"enabled":true,"overlaps_until":null`
		first := asRoot("POST", webhooks, `{"url":"https://hooks.example.com/in?hidden-token"}`, 200, "")
		first.keep = "w"
		s.call(t, first)
		secret := s.words["w.secret"]
		if !strings.HasPrefix(secret, "whsec_") {
			t.Fatalf("the secret is %q", secret)
		}
		list := asRoot("GET", webhooks, "", 200, `[`+webhookJSON("https://hooks.example.com/in?hidden-token", defaults)+`]`)
		list.lacks = []string{secret, "whsec_"}
		s.call(t, list)
		one := webhooks + "/$w.id"
		const changed = `"description":"billing","types":["key.created","user.created"],"enabled":false,"overlaps_until":null`
		s.call(t, asRoot("PATCH", one, `{"url":"https://other.example.com","description":" billing ","types":["user.created","key.created"],"enabled":false}`, 200, webhookJSON("https://other.example.com", changed)))
		s.call(t, asRoot("PATCH", one, `{}`, 200, webhookJSON("https://other.example.com", changed)))
		s.call(t, asRoot("PATCH", one, `{"types":[]}`, 200, webhookJSON("https://other.example.com", strings.Replace(changed, `["key.created","user.created"]`, "[]", 1))))
		rotated := asRoot("POST", one+"/rotate-secret", ``, 200, "")
		rotated.keep, rotated.lacks = "r", []string{secret}
		s.call(t, rotated)
		if s.words["r.overlaps_until"] != "2026-03-05T12:00:02Z" {
			t.Errorf("they overlap until %s", s.words["r.overlaps_until"])
		}
		at := asRoot("POST", one+"/rotate-secret", `{"overlap_seconds":0}`, 200, "")
		at.lacks = []string{s.words["r.secret"]}
		if text := string(s.call(t, at).text); !strings.Contains(text, `"overlaps_until":null`) {
			t.Errorf("without an overlap: %s", text)
		}
		s.call(t, asRoot("DELETE", one, "", 200, `{"deleted":true}`))
		const missing = `{"error":{"code":"not_found","message":"This webhook does not exist.","status":404,"request_id":"*"}}`
		for _, c := range []call{
			{method: "DELETE", path: one}, {method: "PATCH", path: one, body: `{"enabled":true}`}, {method: "POST", path: one + "/rotate-secret"}, {method: "GET", path: one + "/deliveries"},
			{method: "POST", path: one + "/deliveries/$w.id/redeliver"}, {method: "POST", path: one + "/test"},
		} {
			c.as, c.status, c.want = "root", 404, missing
			s.call(t, c)
			for _, name := range []string{"ada", "gate"} {
				c.as, c.status, c.want = name, 403, ""
				s.call(t, c)
			}
		}
		for _, text := range []string{secret, s.words["r.secret"], "hidden-token"} {
			if strings.Contains(logged.String(), text) {
				t.Error("a secret of a webhook is in the log")
			}
		}
	}, sending(&events.Answer{}))
}

func TestWrongFieldsOfWebhooksAreNamed(t *testing.T) {
	s := onSQLite(t)
	first := asRoot("POST", webhooks, `{"url":"https://hooks.example.com"}`, 200, "")
	first.keep = "w"
	s.call(t, first)
	wrong := map[string]string{
		`{"url":""}`: "url", `{"url":1}`: "url", `{"url":"http://hooks.example.com"}`: "url", `{"url":"https://127.0.0.1"}`: "url", `{"url":"https://[::ffff:169.254.169.254]"}`: "url", `{"url":"https://localhost"}`: "url",
		`{"url":"https://user:pass@hooks.example.com"}`: "url", `{"url":"https://hooks.example.com/` + strings.Repeat("a", 2000) + `"}`: "url",
		`{"description":"` + strings.Repeat("a", 201) + `"}`: "description", `{"description":"a\u0000"}`: "description", `{"types":["key.made"]}`: "types", `{"types":["webhook.test"]}`: "types", `{"types":["backup.failed"]}`: "types",
		`{"types":"key.created"}`: "types", `{"types":[1]}`: "types", `{"enabled":"yes"}`: "enabled",
	}
	s.wrongFields(t, "PATCH", webhooks+"/$w.id", wrong)
	s.wrongFields(t, "POST", webhooks, map[string]string{`{}`: "url", `{"url":"https://10.0.0.1"}`: "url"})
	s.wrongFields(t, "POST", webhooks+"/$w.id/rotate-secret", map[string]string{`{"overlap_seconds":-1}`: "overlap_seconds", `{"overlap_seconds":604801}`: "overlap_seconds", `{"overlap_seconds":1.5}`: "overlap_seconds"})
	for query, field := range map[string]string{"status=gone": "status", "limit=0": "limit", "limit=201": "limit", "after=x": "after", "type=": "type"} {
		if fields := fieldsOf(t, s.call(t, asRoot("GET", webhooks+"/$w.id/deliveries?"+query, "", 422, ""))); len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s: the wrong fields are %v", query, fields)
		}
	}
	for _, name := range events.Types() {
		s.call(t, asRoot("PATCH", webhooks+"/$w.id", `{"types":["`+string(name)+`"]}`, 200, ""))
	}
	for range events.MaxWebhooks - 1 {
		s.call(t, asRoot("POST", webhooks, `{"url":"https://hooks.example.com"}`, 200, ""))
	}
	s.call(t, asRoot("POST", webhooks, `{"url":"https://hooks.example.com"}`, 409, `{"error":{"code":"conflict","message":"There are 50 webhooks, which is the most. Delete one, or let one receive several types of events.","status":409,"request_id":"*"}}`))
}

func TestPrivateAddressesOfWebhooksAreThoseThatTheOperatorAllows(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) {
		p.WebhookTargets = events.Targets{Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	})
	s.call(t, asRoot("POST", webhooks, `{"url":"http://10.1.2.3:9000/in"}`, 200, ""))
	s.call(t, asRoot("POST", webhooks, `{"url":"http://192.168.1.1/in"}`, 422, ""))
}

func TestATestIsSentAtOnceAndSentAgain(t *testing.T) {
	answer := events.Answer{Try: events.Try{Status: 204, MS: 7}, Body: ""}
	each(t, func(t *testing.T, s *service) {
		answer = events.Answer{Try: events.Try{At: s.clock.Now(), Status: 204, MS: 7}}
		first := asRoot("POST", webhooks, `{"url":"https://hooks.example.com","enabled":false}`, 200, "")
		first.keep = "w"
		s.call(t, first)
		one := webhooks + "/$w.id"
		line := func(rest string) string {
			return `{"id":"*","type":"webhook.test","user_id":null,"created_at":"*",` + rest + `,"payload":"*"}`
		}
		test := asRoot("POST", one+"/test", "", 200, line(`"status":"delivered","attempts":1,"tries":[{"at":"*","status":204,"error":null,"ms":7}],"due_at":null,"ended_at":"*","answer":""`))
		test.keep = "d"
		s.call(t, test)
		answer = events.Answer{Try: events.Try{At: s.clock.Now(), Error: "no answer within 15 s", MS: 15000}}
		failed := line(`"status":"failed","attempts":1,"tries":[{"at":"*","status":null,"error":"no answer within 15 s","ms":15000}],"due_at":null,"ended_at":"*","answer":""`)
		s.call(t, asRoot("POST", one+"/test", "", 200, failed))
		again := one + "/deliveries/$d.id/redeliver"
		s.call(t, asRoot("POST", again, "", 409, `{"error":{"code":"conflict","message":"This webhook is disabled, so nothing is sent to it. Enable it first.","status":409,"request_id":"*"}}`))
		s.call(t, asRoot("PATCH", one, `{"enabled":true}`, 200, ""))
		waits := line(`"status":"pending","attempts":0,"tries":[{"at":"*","status":204,"error":null,"ms":7}],"due_at":"*","ended_at":null,"answer":""`)
		s.call(t, asRoot("POST", again, "", 200, waits))
		s.call(t, asRoot("GET", one+"/deliveries", "", 200, `[`+failed+`,`+waits+`]`))
		s.call(t, asRoot("GET", one+"/deliveries?limit=1", "", 200, `[`+failed+`]`))
		s.call(t, asRoot("GET", one+"/deliveries?status=pending&type=webhook.test", "", 200, `[`+waits+`]`))
		s.call(t, asRoot("GET", one+"/deliveries?type=key.created", "", 200, `[]`))
		s.call(t, asRoot("GET", one+"/deliveries?after=$d.id", "", 200, `[]`))
		s.call(t, asRoot("POST", one+"/deliveries/"+uuid.NewString()+"/redeliver", "", 404, `{"error":{"code":"not_found","message":"This delivery does not exist. Deliveries are kept for 30 days after they end.","status":404,"request_id":"*"}}`))
	}, sending(&answer))
	s := onSQLite(t)
	first := asRoot("POST", webhooks, `{"url":"https://hooks.example.com"}`, 200, "")
	first.keep = "w"
	s.call(t, first)
	s.call(t, asRoot("POST", webhooks+"/$w.id/test", "", 503, `{"error":{"code":"service_unavailable","message":"This instance cannot send to webhooks right now. Try again shortly.","status":503,"request_id":"*"}}`))
}

func TestAWebhookWhoseSecretIsLostIsNotEnabled(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	made := asRoot("POST", webhooks, `{"url":"https://hooks.example.com"}`, 200, "")
	made.keep = "w"
	s.call(t, made)
	one := webhooks + "/$w.id"
	s.call(t, asRoot("PATCH", one, `{"enabled":false}`, 200, ""))
	storetest.Run(t, storetest.Raw(t, url), "UPDATE webhooks SET secret = ''")
	s.call(t, asRoot("PATCH", one, `{"enabled":true}`, 409, `{"error":{"code":"conflict","message":"The secret of this webhook is lost, so nothing can be signed. Rotate its secret first.","status":409,"request_id":"*"}}`))
	s.call(t, asRoot("POST", one+"/rotate-secret", ``, 200, ""))
	s.call(t, asRoot("PATCH", one, `{"enabled":true}`, 200, ""))
}

func TestTheDocumentNamesEveryTypeOfEvent(t *testing.T) {
	text, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	want, lists := namesOf(events.Types()), 0
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			if list, is := value["enum"].([]any); is && slices.Contains(list, any("key.revoked")) {
				if lists++; !reflect.DeepEqual(list, want) {
					t.Errorf("the document has the types %v, and there are %v", list, want)
				}
			}
			for _, inner := range value {
				walk(inner)
			}
		case []any:
			for _, inner := range value {
				walk(inner)
			}
		}
	}
	walk(document)
	if lists < 2 {
		t.Errorf("the document lists the types of events %d times", lists)
	}
}

func namesOf(types []events.Type) (names []any) {
	for _, name := range types {
		names = append(names, string(name))
	}
	return names
}
