package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
)

func theChart(t *testing.T) (*chart.Chart, map[string]bool) {
	t.Helper()
	root := filepath.Join("..", "..")
	c, err := load(filepath.Join(root, "deploy", "helm", "codexible"))
	if err != nil {
		t.Fatal(err)
	}
	known, err := settings(filepath.Join(root, ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	return c, known
}

func TestTheChartAndTheManifestsHaveNoProblem(t *testing.T) {
	problems, err := run(filepath.Join("..", ".."), false)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

func TestEachFaultOfAManifestIsNamed(t *testing.T) {
	c, known := theChart(t)
	for _, try := range []struct {
		variant    int
		what, with string
		want       string
	}{
		{0, "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		{0, "runAsUser: 65532", "runAsUser: 0", "may run as root"},
		{0, "fsGroup: 65532", "supplementalGroups: [65532]", "volumes are not its user's"},
		{0, "RuntimeDefault", "Unconfined", "profile of system calls"},
		{0, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "root file system is writable"},
		{0, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "may gain privileges"},
		{0, "capabilities: {drop: [ALL]}", "capabilities: {drop: [ALL], add: [NET_ADMIN]}", "keeps capabilities"},
		{0, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "token of the cluster"},
		{0, "memory: 512Mi", "cpu: 1", "no limit of memory"},
		{0, "cpu: 100m", "cpu: 0", "requests no processor"},
		{0, "codexible:0.1.0", "codexible", "image has no version"},
		{0, "enableServiceLinks: false", "enableServiceLinks: true", "variables of other Services"},
		{0, "enableServiceLinks: false", "enableServiceLinks: false\n      hostNetwork: true", "namespace of the machine"},
		{0, "path: /health/ready", "path: /health", "the readiness probe does not ask /health/ready"},
		{0, "livenessProbe:\n            httpGet: {path: /health,", "livenessProbe:\n            httpGet: {path: /health/ready,", "the liveness probe does not ask /health "},
		{0, "terminationGracePeriodSeconds: 160", "terminationGracePeriodSeconds: 30", "killed before the 2m40s"},
		{0, "name: DRAIN_DELAY", "name: LOG_FORMAT", "DRAIN_DELAY is not set"},
		{0, "name: METRICS_ADDR", "name: METRICS_ADDRESS", "METRICS_ADDRESS is no variable"},
		{0, "name: data, mountPath", "name: date, mountPath", "/data is mounted from a volume that is declared nowhere"},
		{0, "targetPort: http}", "targetPort: web}", "the port web, which the pod does not have"},
		{0, "targetPort: http}", "targetPort: metrics}", "leads to the metrics from outside"},
		{0, "selector:\n    app.kubernetes.io/name: codexible\n", "selector:\n    app.kubernetes.io/name: other\n", "the Service codexible selects no pod"},
		{0, "matchLabels:\n      app.kubernetes.io/name: codexible\n", "matchLabels:\n      app.kubernetes.io/name: other\n", "does not select its own pods"},
		{0, "replicas: 1", "replicas: 2", "belongs to one process"},
		{0, "serviceName: codexible", "serviceName: other", "serviceName names no Service"},
		{0, "periodSeconds: 10", "periodSecond: 10", `unknown field "periodSecond"`},
		{0, "memory: 512Mi", "memory: many", "quantities must match"},
		{0, "containerPort: 3001", "containerPort: http", "cannot unmarshal"},
		{0, "kind: StatefulSet", "kind: DaemonSet", "a DaemonSet of apps/v1, which nothing checks"},
		{1, "replicas: 2", "replicas: 1", "a budget of disruptions goes with more than one replica"},
		{1, "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: codexible", "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: other", "the budget codexible selects no pod"},
		{1, "name: SECRET_KEY\n", "name: LOG_LEVEL\n", "SECRET_KEY is not read from a Secret"},
	} {
		documents, err := render(c, variants[try.variant].values)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, document := range documents {
			if strings.Contains(document, try.what) && !found {
				found, documents[i] = true, strings.Replace(document, try.what, try.with, 1)
			}
		}
		if !found {
			t.Errorf("nothing says %q", try.what)
		}
		problems := check(documents, known)
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, try.want) }) {
			t.Errorf("%q: nothing about %q in %q", try.with, try.want, problems)
		}
	}
}

func TestTheChartRefusesValuesThatCannotWork(t *testing.T) {
	c, _ := theChart(t)
	for _, try := range []struct {
		values map[string]any
		says   string
	}{
		{map[string]any{"postgres": true}, "postgres needs secret"},
		{map[string]any{"replica": 3}, "replica"},
		{map[string]any{"postgres": true, "secret": "a", "replicas": 0}, "replicas"},
		{map[string]any{"settings": map[string]any{"SECRET_KEY": "in the clear"}}, "invalid propertyName"},
		{map[string]any{"settings": map[string]any{"lower case": "a"}}, "invalid propertyName"},
		{map[string]any{"volume": map[string]any{"size": "ten"}}, "size"},
		{map[string]any{"stop": map[string]any{"streams": "120s"}}, "streams"},
		{map[string]any{"service": map[string]any{"port": 70000}}, "port"},
	} {
		if _, err := render(c, try.values); err == nil || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%v: %v, want %q", try.values, err, try.says)
		}
	}
}

func TestAManifestOrAVersionThatIsStaleIsNamed(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "deploy"), os.DirFS(filepath.Join("..", "..", "deploy"))); err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{".env.example": string(example), "CHANGELOG.md": "## 7.0.0 (2030-01-01)\n", "deploy/kubernetes/postgres.yaml": "old"}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := run(root, false)
	if err != nil || len(problems) != 2 || !strings.Contains(problems[0], "CHANGELOG.md is 7.0.0") || !strings.Contains(problems[1], "postgres.yaml is not what the chart renders") {
		t.Fatal(err, problems)
	}
	if _, err := run(root, true); err != nil {
		t.Fatal(err)
	}
	if problems, err = run(root, false); err != nil || len(problems) != 1 {
		t.Error(err, problems)
	}
}
