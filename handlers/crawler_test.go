package handlers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/logo"
	"codexible/store"
	"codexible/store/storetest"

	"golang.org/x/net/html"
)

// marks are texts that must never reach a page unescaped.
var marks = []string{"<script>crawl()</script>", `"><img src=x onerror=crawl()>`}

// typed are the texts that the crawler sends in every field.
var typed = []string{
	marks[0], marks[1], "", "a\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "a\x00b", "%00", "\xff\xfe", "\xed\xa0\x80", strings.Repeat("x", 20_000), strings.Repeat("é", 300), "9999-12-31", "0001-01-01", "1999-12-31", "2101-01-01", "2026-02-30",
	"-1", "-99999999999999999999", "99999999999999999999", "1e309", "0x10", "٣", "a\u202eb", "\u200b", "e\u0301@example.com", "=1+1", "＝1+1", "../../x", "//evil.example/", "javascript:crawl()", `{"a":`, "{\"a\":\"\xff\"}", `{"a":"\u0000"}`, "'; DROP TABLE users; --",
}

// stored are those of them that a database could take differently.
var stored = []string{marks[0], "", "a\x00b", "\xff\xfe", "\xed\xa0\x80", strings.Repeat("é", 300), "9999-12-31", "0001-01-01", "-1", "99999999999999999999", "e\u0301@example.com", `{"a":"\u0000"}`, "'; DROP TABLE users; --"}

// Bounds of a crawl: pages of one pattern, pages, and requests.
const (
	mostAlike    = 3
	mostPages    = 400
	mostRequests = 40_000
)

// crawler is a visitor who follows every link and sends every form.
type crawler struct {
	*visitor

	front *front
	// inside is true if an operator crawls, who signs in again.
	inside bool
	// typed are the texts to send in every field.
	typed []string
	// queue are paths to visit, alike counts those of a pattern that are in it; pending are forms to send, sent those that were.
	queue           []string
	alike           map[string]int
	pending         []pageForm
	sent            map[string]bool
	pages, requests int
	// reached are the paths that forms were sent to.
	reached map[string]bool
	last    *html.Node
}

// pageForm is a form of a page with the values that it has.
type pageForm struct {
	page, method, action string
	fields               url.Values
}

func TestNoLinkAndNoFormOfTheConsoleFails(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.Store, clock *storetest.Clock) {
		f := newFront(t, db, clock)
		texts := typed
		if strings.HasSuffix(t.Name(), "/postgres") { // how a field is read is the same for both
			texts = stored
		}
		stranger := &crawler{visitor: f.visitor(t), front: f, typed: texts}
		stranger.crawl(t, "/admin/login?next=%2Fadmin%2Fusers", "/admin/setup?token=x", "/admin")
		f.later(t)
		c := &crawler{visitor: f.operator(t), front: f, inside: true, typed: texts}
		// Another session of the same operator, which can be ended.
		if _, err := db.OpenSession(t.Context(), accounts.ActorCLI, store.NewSession{UserID: f.id(t, "root.user"), Token: accounts.MintToken(), PasswordHash: operatorHash()}); err != nil {
			t.Fatal(err)
		}
		image, _ := logo.Rewrite([]byte(goodDrawing)) // one that can be removed
		if _, err := db.ChangeSettings(t.Context(), accounts.ActorCLI, accounts.SettingsChange{Logo: &image}); err != nil {
			t.Fatal(err)
		}
		c.crawl(t, slices.Concat([]string{"/admin/account", "/admin/webhooks/$hook.id/delivery?event=$hook.event"}, consolePages, []string{"/admin/users/$sam.user", "/docs", "/docs/guide"})...)
		for _, path := range consoleForms {
			// This console has no backup to offer, and nobody has a second factor.
			if to := patternOf(f.fill(path)); !c.reached[to] && !regexp.MustCompile(`backup|two-step/(off|codes)`).MatchString(path) {
				t.Errorf("the crawl sent no form to %s", to)
			}
		}
		t.Logf("%d pages, %d requests", c.pages, c.requests)
	})
}

func (c *crawler) crawl(t *testing.T, from ...string) {
	t.Helper()
	c.client.Timeout = patience
	c.alike, c.sent, c.reached = map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, path := range from {
		c.queue = append(c.queue, c.s.fill(path))
	}
	var out []pageForm
	for len(c.queue)+len(c.pending) > 0 && c.pages < mostPages {
		if len(c.pending) > 0 {
			form := c.pending[0]
			if c.pending = c.pending[1:]; strings.HasSuffix(form.action, "/logout") {
				out = append(out, form) // last: it ends the session
			} else {
				c.fillIn(t, form)
			}
			continue
		}
		path := c.queue[0]
		c.queue = c.queue[1:]
		c.pages++
		c.visit(t, path)
		c.pending = append(c.pending, c.forms(path)...)
	}
	for _, form := range out[:min(len(out), 1)] {
		c.fillIn(t, form)
	}
}

// visit reads a page, after a sign-in where the session has ended.
func (c *crawler) visit(t *testing.T, path string) {
	t.Helper()
	if c.ask(t, http.MethodGet, path, nil); c.status == http.StatusSeeOther && strings.HasPrefix(c.location, "/admin/login") && c.inside {
		c.front.later(t)
		c.visitor = c.s.operator(t)
		c.client.Timeout = patience
		c.ask(t, http.MethodGet, path, nil)
	}
}

// fillIn sends a form unchanged, and with every hostile value in every field.
func (c *crawler) fillIn(t *testing.T, form pageForm) {
	t.Helper()
	names := slices.Sorted(maps.Keys(form.fields))
	key := form.method + " " + patternOf(form.action) + " " + strings.Join(names, " ")
	if c.sent[key] {
		return
	}
	c.sent[key], c.reached[patternOf(form.action)] = true, true
	for _, name := range names {
		for i, text := range c.typed {
			if c.requests > mostRequests {
				t.Fatalf("the crawl did not finish in %d requests", c.requests)
			}
			if i%8 == 0 {
				form = c.fresh(t, form)
			}
			c.submitForm(t, form, name, text)
		}
	}
	form = c.fresh(t, form)
	c.submitForm(t, form, "", "")
	c.pending = append(c.pending, c.forms(form.page)...)
	c.front.recover(t)
}

// submitForm sends a form with one field replaced.
func (c *crawler) submitForm(t *testing.T, form pageForm, name, text string) {
	t.Helper()
	fields := maps.Clone(form.fields)
	if name != "" {
		fields[name] = []string{text}
	}
	if form.method == http.MethodGet {
		path, _, _ := strings.Cut(form.action, "?")
		c.ask(t, http.MethodGet, path+"?"+fields.Encode(), nil)
		return
	}
	c.ask(t, http.MethodPost, form.action, fields)
}

// fresh reads the page of a form again: its tokens may have been used, or its session have ended.
func (c *crawler) fresh(t *testing.T, form pageForm) pageForm {
	t.Helper()
	c.visit(t, form.page)
	for _, again := range c.forms(form.page) {
		if again.action == form.action && again.method == form.method {
			return again
		}
	}
	return form
}

// ask sends a request, and checks the response and what the service logged meanwhile.
func (c *crawler) ask(t *testing.T, method, path string, fields url.Values) {
	t.Helper()
	c.requests++
	c.front.log.take()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.s.address+path, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatalf("a page links to %q: %v", path, err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := c.client.Do(r)
	if len(path) > handlers.MaxHeaderBytes && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		return // its head is too large, and the connection was closed before all of it was sent
	}
	if err != nil {
		t.Fatalf("%s %.300s with %.300s: %v", method, path, fields.Encode(), err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	what := fmt.Sprintf("%s %.300s with %.300s answers %d", method, path, fields.Encode(), answer.StatusCode)
	if err != nil || answer.StatusCode >= http.StatusInternalServerError {
		t.Errorf("%s: %v %.300s", what, err, text)
	}
	for _, line := range c.front.log.take() {
		if bytes.Contains(line, []byte(`"level":"ERROR"`)) || bytes.Contains(line, []byte(`"level":"WARN"`)) && bytes.Contains(line, []byte("cut off")) {
			t.Errorf("%s and logs %s", what, line)
		}
	}
	for name := range answer.Header {
		if !slices.Contains(ourHeaders, strings.ToLower(name)) {
			t.Errorf("%s with the header %q", what, name)
		}
	}
	c.status, c.location, c.page, c.last = answer.StatusCode, answer.Header.Get("Location"), string(text), nil
	if c.location != "" {
		if !strings.HasPrefix(c.location, "/") || strings.HasPrefix(c.location, "//") {
			t.Errorf("%s and redirects to %q", what, c.location)
		}
		c.enqueue(c.location)
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		c.read(t, what)
	}
}

// read parses a page: its links are followed, and it holds only the service's own script.
func (c *crawler) read(t *testing.T, what string) {
	t.Helper()
	for _, mark := range marks {
		if strings.Contains(c.page, mark) {
			t.Errorf("%s with %s as it was typed", what, mark)
		}
	}
	var err error
	if c.last, err = html.Parse(strings.NewReader(c.page)); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	for n := range c.last.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://") {
				t.Errorf("%s with <%s %s=%q>", what, n.Data, a.Key, a.Val)
			}
		}
		switch from := attribute(n, "src"); {
		case n.Data == "script" && !strings.HasPrefix(from, "/static/") && !strings.HasPrefix(from, "/docs/"):
			t.Errorf("%s with a script from %q", what, from)
		case n.Data == "a":
			c.enqueue(attribute(n, "href"))
		}
	}
}

// enqueue queues a path, unless enough of its pattern were queued.
func (c *crawler) enqueue(path string) {
	path, _, _ = strings.Cut(path, "#")
	if !strings.HasPrefix(path, "/") {
		return
	}
	pattern := patternOf(path)
	if c.alike[pattern]++; c.alike[pattern] <= mostAlike {
		c.queue = append(c.queue, path)
	}
}

// patternOf returns a path without ids and without the values of its query.
func patternOf(path string) string {
	path, query, _ := strings.Cut(path, "?")
	path = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllLiteralString(path, ":id")
	values, _ := url.ParseQuery(query)
	names := []string{}
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return path + "?" + strings.Join(names, "&")
}

// forms are those of the last page. A button with formaction is a form of its own.
func (c *crawler) forms(page string) (forms []pageForm) {
	if c.last == nil {
		return nil
	}
	for n := range c.last.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		form := pageForm{page: page, method: strings.ToUpper(attribute(n, "method")), action: attribute(n, "action"), fields: url.Values{}}
		if form.action == "" {
			form.action = page
		}
		also := []string{}
		for field := range n.Descendants() {
			if field.Type != html.ElementNode {
				continue
			}
			if to := attribute(field, "formaction"); to != "" {
				also = append(also, to)
			}
			if name := attribute(field, "name"); name != "" {
				form.fields.Set(name, valueOf(field))
			}
		}
		forms = append(forms, form)
		for _, to := range also {
			forms = append(forms, pageForm{page, form.method, to, form.fields})
		}
	}
	return forms
}

// valueOf is what a browser sends for an unchanged field.
func valueOf(field *html.Node) (value string) {
	switch field.Data {
	case "textarea":
		for text := range field.ChildNodes() {
			value += text.Data
		}
	case "select":
		for option := range field.Descendants() {
			if option.Type == html.ElementNode && option.Data == "option" && (value == "" || hasAttribute(option, "selected")) {
				value = attribute(option, "value")
			}
		}
	default:
		value = attribute(field, "value")
	}
	return value
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
