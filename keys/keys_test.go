package keys

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/fault"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// wrong gives the fields that an error complains about, in alphabetical order.
func wrong(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	f := fault.As(err)
	if f.Kind != fault.Invalid {
		t.Errorf("%v is %s, want validation_failed", err, f.Kind.Code())
	}
	return slices.Sorted(maps.Keys(f.Fields))
}

func TestAKeyWithoutALabelIsCalledDefault(t *testing.T) {
	for label, want := range map[string]string{"": "Default", " \t": "Default", " CI ": "CI"} {
		if n, err := (NewKey{Label: label}).Normalize(noon); err != nil || n.Label != want {
			t.Errorf("the label %q becomes %q, %v", label, n.Label, err)
		}
	}
}

func TestLabelsAndExpiriesAreChecked(t *testing.T) {
	for _, c := range []struct {
		label   string
		expires *time.Time
		wrong   []string
	}{
		{strings.Repeat("é", 100), new(noon.Add(time.Microsecond)), nil},
		{strings.Repeat("é", 101), new(noon), []string{"expires_at", "label"}},
		{"a\nb", new(noon.Add(-time.Hour)), []string{"expires_at", "label"}},
	} {
		_, err := NewKey{Label: c.label, ExpiresAt: c.expires}.Normalize(noon)
		if diff := cmp.Diff(c.wrong, wrong(t, err)); diff != "" {
			t.Errorf("creating %q: %s", c.label, diff)
		}
		_, err = KeyChange{Label: &c.label, ExpiresAt: &c.expires}.Normalize(noon)
		if diff := cmp.Diff(c.wrong, wrong(t, err)); diff != "" {
			t.Errorf("changing to %q: %s", c.label, diff)
		}
	}
	if _, err := (KeyChange{Label: new(" ")}).Normalize(noon); err == nil {
		t.Error("a key's label may be emptied")
	}
	change, err := KeyChange{Label: new(" a "), ExpiresAt: new((*time.Time)(nil))}.Normalize(noon)
	if err != nil || *change.Label != "a" || *change.ExpiresAt != nil {
		t.Errorf("%v, %v", change, err)
	}
	if _, err := (KeyChange{}).Normalize(noon); err != nil {
		t.Errorf("a change of nothing: %v", err)
	}
}

func TestAKeyExpiresAtTheInstantItNames(t *testing.T) {
	k := Key{ExpiresAt: new(noon)}
	if k.Expired(noon.Add(-1)) || !k.Expired(noon) || (&Key{}).Expired(noon) {
		t.Error("the bound of the expiry is wrong")
	}
}
