package drills

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/store/storetest"
)

// unknownModel is what a client asks for that no operator has named.
const unknownModel = "a-model-of-a-client"

// shownMetrics runs the program until every metric has a value, and returns the
// labels of each series by its name.
func shownMetrics(t *testing.T) (labels map[string]map[string]bool, text string) {
	t.Helper()
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	sellModel(t, database)
	p := startProgram(t, "DATABASE_URL="+database, "BACKUP_DIR="+t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")
	if a := chargeOver(p.url, c.secrets[0], ""); a.status != http.StatusOK {
		t.Fatal(a.status)
	}
	for model, want := range map[string]int{"coder": http.StatusOK, unknownModel: http.StatusNotFound} {
		for range 2 { // the second of a session goes where the first was served
			if status, text := askModel(t, p.url, c.secrets[0], model, map[string]string{"Session-Id": "one"}); status != want {
				t.Fatalf("%s was answered with %d: %s", model, status, text)
			}
		}
	}
	get(t, p.url+"/metrics") // the counters of an upstream's events exist from its first scrape on
	a := get(t, p.url+"/metrics")
	p.stop(t)
	labels = map[string]map[string]bool{}
	for _, series := range regexp.MustCompile(`(?m)^([a-z_][a-z0-9_]*)(?:\{(.*)\})? \S+$`).FindAllStringSubmatch(a.body, -1) {
		if labels[series[1]] == nil {
			labels[series[1]] = map[string]bool{}
		}
		for _, label := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(series[2], -1) {
			labels[series[1]][label[1]] = true
		}
	}
	return labels, a.body
}

// expressions are the PromQL of the dashboard and of the alerts, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	rules, err := os.ReadFile("../deploy/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range regexp.MustCompile(`(?m)alert: (\S+)\n\s+expr: (.+)$`).FindAllStringSubmatch(string(rules), -1) {
		found["alert "+rule[1]] = rule[2]
	}
	if alerts := strings.Count(string(rules), "- alert:"); alerts != len(found) || alerts == 0 {
		t.Fatalf("%d of %d alerts were read", len(found), alerts)
	}
	var dashboard struct {
		Panels []struct {
			Title   string `json:"title"`
			Type    string `json:"type"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	text, err := os.ReadFile("../deploy/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			found["panel "+panel.Title+" "+target.Expr] = target.Expr
		}
	}
	return found
}

var (
	metricName = regexp.MustCompile(`\b((?:codexible|process|go)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*[=!]~?`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// target are labels that Prometheus adds by itself.
var target = []string{"instance", "job"}

func TestTheDashboardAndTheAlertsNameMetricsAndLabelsThatExist(t *testing.T) {
	labels, _ := shownMetrics(t)
	shown := map[string]bool{}
	for where, expression := range expressions(t) {
		used := map[string]bool{}
		for _, m := range metricName.FindAllStringSubmatch(expression, -1) {
			shown[m[1]] = true
			if labels[m[1]] == nil {
				t.Errorf("%s: there is no metric %s", where, m[1])
				continue
			}
			maps.Copy(used, labels[m[1]])
			for _, label := range labelName.FindAllStringSubmatch(m[2], -1) {
				if !labels[m[1]][label[1]] && !slices.Contains(target, label[1]) {
					t.Errorf("%s: %s has no label %s", where, m[1], label[1])
				}
			}
		}
		for _, by := range grouping.FindAllStringSubmatch(expression, -1) {
			for label := range strings.SplitSeq(by[1], ",") {
				if label = strings.TrimSpace(label); !used[label] && !slices.Contains(target, label) {
					t.Errorf("%s: it groups by %s, which none of its metrics has", where, label)
				}
			}
		}
	}
	for name := range labels {
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "codexible_") && !shown[name] && !shown[family] && !shown[family+"_bucket"] && !shown[family+"_sum"] && name != "codexible_trace_spans_dropped_total" {
			t.Errorf("%s is on no dashboard and in no alert", name)
		}
	}
}

func TestMetricsAreBoundedAndContainNoPersonalData(t *testing.T) {
	labels, text := shownMetrics(t)
	var names []string
	for name, of := range labels {
		if strings.HasPrefix(name, "codexible_") {
			names = slices.AppendSeq(names, maps.Keys(of))
		}
	}
	slices.Sort(names)
	want := []string{
		"callers", "code", "endpoint", "event", "go_version", "kind", "le", "method", "mode", "model", "outcome", "result", "route", "source", "stage", "state", "status", "upstream", "version",
	}
	if got := slices.Compact(names); !slices.Equal(got, want) {
		t.Errorf("the labels are %v, want %v: a label with a value for each user, key or address grows without end", got, want)
	}
	if strings.Contains(text, unknownModel) {
		t.Error("the metrics contain what a client sent")
	}
	if strings.Contains(text, "@example.com") {
		t.Error("the metrics contain an e-mail address")
	}
	if uuids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}`).FindString(text); uuids != "" {
		t.Errorf("the metrics contain an id: %s", uuids)
	}
}
