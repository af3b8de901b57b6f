package handlers_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"codexible/handlers"

	"github.com/google/uuid"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.json and the golden files of the console")

const committedDocument = "../docs/openapi.json"

func parseUUID(text string, id *[16]byte) error {
	parsed, err := uuid.Parse(text)
	*id = parsed
	return err
}

// document is the OpenAPI document as the service publishes it.
type document struct {
	model     *v3.Document
	validator validator.Validator
}

// validating keeps validations apart: the validator renders schemas into fields that they share.
var validating sync.Mutex

var published = sync.OnceValue(func() *document {
	parsed, err := libopenapi.NewDocument(handlers.OpenAPI())
	if err != nil {
		panic(err)
	}
	model, err := parsed.BuildV3Model()
	if err != nil {
		panic(err)
	}
	check, errs := validator.NewValidator(parsed, config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnoredHeadersExtra("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Vary", "Allow", "Retry-After", "X-Should-Retry",
			"Access-Control-Allow-Origin", "Access-Control-Expose-Headers"),
		// Their names are the request's fields and the plan's own flags.
		config.WithStrictIgnorePaths("$.body.error.fields**", "$.body.features.*", "$.body[*].features.*", "$.body.list.*", "$.body.metadata.*", "$.body[*].metadata.*", "$.body.user.metadata.*", "$.body.key.metadata.*", "$.body.keys[*].metadata.*", "$.body[*].user.metadata.*", "$.body[*].key.metadata.*", "$.body.tiers.*", "$.body[*].tiers.*", "$.body.price.tiers.*", "$.body[*].price.tiers.*", "$.body.items[*].*.tiers.*", "$.body[*].error.fields**"))
	if len(errs) > 0 {
		panic(errs)
	}
	return &document{&model.Model, check}
})

// operation finds what the document says of a request: the path as it is written
// there, and the operation; nil for what it does not know.
func (d *document) operation(method, path string) (string, *v3.Operation) {
	best, found := "", (*v3.Operation)(nil)
	for pattern, item := range d.model.Paths.PathItems.FromOldest() {
		op := item.GetOperations().GetOrZero(strings.ToLower(method))
		if op != nil && matches(pattern, path) && (found == nil || !strings.Contains(pattern, "{")) {
			best, found = pattern, op
		}
	}
	return best, found
}

func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if want[i] != have[i] && (!strings.HasPrefix(want[i], "{") || have[i] == "") {
			return false
		}
	}
	return true
}

// seen are the responses of all tests: method, pattern and status.
var seen sync.Map

// assertDocumented checks a response against the document.
func assertDocumented(t testing.TB, a answer) {
	t.Helper()
	method := a.Request.Method
	pattern, op := published().operation(method, a.Request.URL.EscapedPath())
	if op == nil {
		return // an unknown path, a method that a path does not take, or a page
	}
	documented := op.Responses.Codes.GetOrZero(fmt.Sprint(a.StatusCode))
	if documented == nil {
		t.Errorf("the document has no %d of %s %s: %s", a.StatusCode, method, pattern, a.text)
		return
	}
	seen.Store(fmt.Sprintf("%s %s %d", method, pattern, a.StatusCode), true)
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	if content := documented.Content; content != nil && content.GetOrZero(media) == nil {
		t.Errorf("the document has no %s of %s %s %d", media, method, pattern, a.StatusCode)
	}
	if a.Header.Get("Content-Type") != "application/json" || pattern == "/openapi.json" {
		return // the document does not describe itself
	}
	response := *a.Response
	response.Body = body(a.text)
	validating.Lock()
	valid, errs := published().validator.GetResponseBodyValidator().ValidateResponseBody(a.Request, &response)
	validating.Unlock()
	if !valid {
		for _, e := range errs {
			t.Errorf("%s %s %d: %s: %s", method, pattern, a.StatusCode, e.Message, e.Reason)
			for _, detail := range e.SchemaValidationErrors {
				t.Errorf("  %s at %s", detail.Reason, detail.FieldPath)
			}
		}
	}
}

func body(text []byte) *closer { return &closer{bytes.NewReader(text)} }

type closer struct{ *bytes.Reader }

func (*closer) Close() error { return nil }

// unseenStatuses are the documented responses that no test has received.
func unseenStatuses() (unseen []string) {
	for pattern, item := range published().model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			for status := range op.Responses.Codes.KeysFromOldest() {
				answer := fmt.Sprintf("%s %s %s", strings.ToUpper(method), pattern, status)
				if _, met := seen.Load(answer); !met {
					unseen = append(unseen, answer)
				}
			}
		}
	}
	return unseen
}

func TestOpenAPIDocumentIsCommittedAndValid(t *testing.T) {
	text := handlers.OpenAPI()
	if *update {
		if err := os.WriteFile(committedDocument, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(committedDocument)
	if err != nil || !bytes.Equal(committed, text) {
		t.Errorf("docs/openapi.json is not what the service publishes; run: go test ./handlers -run TestOpenAPI -update (%v)", err)
	}
	if valid, errs := published().validator.ValidateDocument(); !valid {
		for _, e := range errs {
			t.Errorf("%s: %s", e.Message, e.Reason)
		}
	}
}

func TestOpenAPIDocumentIsPublished(t *testing.T) {
	s := onSQLite(t)
	a := s.send(t, call{method: http.MethodGet, path: "/openapi.json"})
	if !bytes.Equal(a.text, handlers.OpenAPI()) {
		t.Error("/openapi.json is another document")
	}
}

// pages are the routes that the document omits: they are for browsers.
var pages = []string{"GET /", "GET /docs", "GET /docs/guide", "GET /docs/guide/{page}", "GET /docs/*"}

func TestOpenAPIDocumentAndRouterKnowTheSameRoutes(t *testing.T) {
	s := onSQLite(t)
	var routed, documented []string
	for _, r := range s.app.GetRoutes(true) {
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, found := strings.CutPrefix(part, ":"); found {
				parts[i] = "{" + name + "}"
			}
		}
		route := r.Method + " " + strings.Join(parts, "/")
		console := strings.HasPrefix(r.Path, "/admin") || strings.HasPrefix(r.Path, "/static/")
		vendors := strings.HasPrefix(r.Path, "/v1/") // OpenAI's and Anthropic's APIs, which their documents describe
		if r.Method != http.MethodHead && !console && !vendors && !slices.Contains(pages, route) {
			routed = append(routed, route)
		}
	}
	for pattern, item := range published().model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			documented = append(documented, strings.ToUpper(method)+" "+pattern)
			if op.Summary == "" || op.OperationId == "" || len(op.Tags) != 1 {
				t.Errorf("%s %s has no summary, id or tag", method, pattern)
			}
		}
	}
	slices.Sort(routed)
	slices.Sort(documented)
	if !slices.Equal(routed, documented) {
		t.Errorf("routed and not documented: %v; documented and not routed: %v", without(routed, documented), without(documented, routed))
	}
}

func without(list, others []string) (rest []string) {
	for _, item := range list {
		if !slices.Contains(others, item) {
			rest = append(rest, item)
		}
	}
	return rest
}
