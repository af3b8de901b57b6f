package views

import (
	"fmt"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
)

// Upstreams is the list of upstreams.
type Upstreams struct {
	Frame
	Heads []Head
	Lines []UpstreamLine
	Pager Pager
}

// UpstreamLine is an upstream with its state and how the calls of the last hour went.
type UpstreamLine struct {
	*gateway.Upstream

	State  State
	Keys   []UpstreamKeyLine
	Recent UpstreamCalls
	// SpentMicros is what today's calls cost.
	SpentMicros int64
}

// UpstreamPath is the page of an upstream.
func UpstreamPath(u *gateway.Upstream) string { return "/admin/upstreams/" + u.ID.String() }

// State is a state in words. Why is a sentence, empty where the words say all; Until is
// when the state ends by itself.
type State struct {
	Tone  Tone
	Text  string
	Why   string
	Until *time.Time
}

// Ready reports whether calls can go there.
func (s State) Ready() bool { return s.Tone == ToneGood }

// UpstreamKeyLine is a key of an upstream with its state.
type UpstreamKeyLine struct {
	*gateway.UpstreamKey

	State State
}

func (k UpstreamKeyLine) path(to string) string { return "/admin/upstream-keys/" + k.ID.String() + to }

// place is where the secret of a key is, without the secret.
func (k UpstreamKeyLine) place() string {
	switch {
	case k.Source != gateway.KeyStored:
		return k.Ref()
	case k.EndsWith != "":
		return "Stored, ends with " + k.EndsWith
	}
	return "Stored"
}

// UpstreamCalls is how the calls of an hour went. A failure is an attempt that failed,
// also where another upstream then served the call.
type UpstreamCalls struct {
	Attempts, Failures int64
	// FirstByte is how long half of the calls waited for the first byte, and Slow 95 % of them; zero for none.
	FirstByte, Slow time.Duration
}

func (c UpstreamCalls) failures() string {
	if c.Attempts == 0 {
		return "–"
	}
	return fmt.Sprintf("%s of %s", Number(c.Failures), Number(c.Attempts))
}

// Usable are the keys that a call can use at once.
func (l UpstreamLine) Usable() (n int64) {
	for i := range l.Keys {
		if l.Keys[i].State.Ready() {
			n++
		}
	}
	return n
}

func (l UpstreamLine) usableSays() string {
	if len(l.Keys) == 0 {
		return "No keys"
	}
	return fmt.Sprintf("%d of %d", l.Usable(), len(l.Keys))
}

// wires are the API formats that an upstream serves.
func wires(u *gateway.Upstream) string {
	names := make([]string, len(u.Wires))
	for i, w := range u.Wires {
		names[i] = w.String()
	}
	return strings.Join(names, ", ")
}

// KindLabel names a kind of upstreams.
func KindLabel(k gateway.Kind) string {
	switch k {
	case gateway.OpenAI:
		return "OpenAI"
	case gateway.Anthropic:
		return "Anthropic"
	case gateway.Compatible:
	}
	return "Compatible"
}

func clientGoneSays(what gateway.OnClientGone) string {
	if what == gateway.Drain {
		return "Read to the end, at most 120 seconds"
	}
	return "Cancelled"
}

// Seconds formats a time limit.
func Seconds(d time.Duration) string { return Count(int64(d/time.Second), "second") }

// Milliseconds formats a duration: milliseconds, and seconds from ten of them on.
func Milliseconds(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Number(max(d.Milliseconds(), 1)) + " ms"
}

// Upstream is an upstream's own page.
type Upstream struct {
	Frame
	Line   UpstreamLine
	Range  RangeChoice
	Chart  Chart
	Models []ServedModel
	// MoreModels is how many are not in Models.
	MoreModels int64
	Audit      []accounts.AuditEntry
	Test       UpstreamTest
}

// ServedModel is a model with the candidate that an upstream is of it.
type ServedModel struct {
	Model     *catalog.Model
	Candidate catalog.Candidate
}

// nameThere is the upstream's own name for the model.
func nameThere(m *catalog.Model, c catalog.Candidate) string {
	if c.Model == "" {
		return m.Name
	}
	return c.Model
}

// UpstreamTest is the form that tests an upstream, with its result; nil where it was not sent.
type UpstreamTest struct {
	Action string
	Model  Field
	Names  []string
	Result *gateway.TestResult
}

// UpstreamTestPage is the page of a test.
type UpstreamTestPage struct {
	Frame
	Test UpstreamTest
}

func (t UpstreamTest) notice() Notice {
	text := strings.ToUpper(t.Result.Message[:1]) + t.Result.Message[1:] + "."
	if t.Result.Status != 0 {
		text += fmt.Sprintf(" Status %d, the first byte after %s.", t.Result.Status, Milliseconds(t.Result.FirstByte))
	}
	if t.Result.OK {
		return Notice{Tone: ToneGood, Title: "The test passed", Text: text}
	}
	return Notice{Tone: ToneBad, Title: "The test failed", Text: text}
}

// GroupForm is a page with one form whose fields are in groups.
type GroupForm struct {
	Frame
	Consequences   []string
	Action, Cancel string
	Submit         string
	Groups         []FieldGroup
	// Candidates are below the groups; nil for none.
	Candidates *CandidateTable
}

// CandidateTable is the upstreams of a model in its form: a row each, and empty ones for more.
type CandidateTable struct {
	// Upstreams are the names to choose from.
	Upstreams []string
	Rows      []CandidateRow
	Problem   string
}

// CandidateRow is a candidate as it was typed.
type CandidateRow struct{ Upstream, Model, Weight, Priority string }

// Way is where calls of a model go.
type Way struct {
	Model    *catalog.Model
	Stops    []Stop
	Warnings []Notice
}

// Stop is a candidate of a model, in the order in which they are tried.
type Stop struct {
	Upstream  *gateway.Upstream
	State     State
	Candidate catalog.Candidate
	// Place is 1 for those that are tried first; 0 for one that no call goes to.
	Place int
	// Percent is its part of the calls of its place.
	Percent int64
}

func (s Stop) placeSays() string {
	switch s.Place {
	case 0:
		return "Not tried"
	case 1:
		return "First"
	case 2:
		return "Second"
	}
	return "Later"
}

func rowLabel(column string, i int) string { return fmt.Sprintf("%s, row %d", column, i+1) }
