package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"codexible/fault"

	"github.com/google/uuid"
)

// MaxPatterns is how many names and patterns an import can select by.
const MaxPatterns = 200

// Listed is what a model costs from a moment on by a list of somebody else. Its terms have
// no charge: what customers pay is no matter of the list.
type Listed struct {
	Model string
	// Also are other names of the same model. The price is that of an offered model too
	// that has one of them and is not listed by itself.
	Also []string
	// ValidFrom is zero for a price without a date.
	ValidFrom time.Time
	Terms     Terms
}

// Unread is a model of a list that is not imported, and why.
type Unread struct{ Model, Reason string }

// Import is a list of prices to take over.
type Import struct {
	// Source names the list, and is kept with each price.
	Source string
	Listed []Listed
	// Unread is what could not be read of the list.
	Unread []Unread
	// Only are the names to import, in which * stands for any text; all where it is empty.
	Only []string
	// Charge is what customers pay for models that have no price yet. Others keep theirs.
	Charge Charge
}

// Action is what an import does with a price of a list.
type Action string

// The actions.
const (
	ActionNew       Action = "new"
	ActionChanged   Action = "changed"
	ActionUnchanged Action = "unchanged"
)

// Item is a price of a list beside that which would be in force at its beginning.
type Item struct {
	Action Action
	// Before is nil where the model has no price then.
	Before *Price
	// After is the price to be set; for an unchanged one it is Before.
	After *Price
}

// Preview is what an import changes.
type Preview struct {
	// Items are sorted by model and beginning.
	Items  []Item
	Unread []Unread
}

// Count is how many items have an action.
func (p *Preview) Count(a Action) (n int) {
	for i := range p.Items {
		if p.Items[i].Action == a {
			n++
		}
	}
	return n
}

// Check returns an error that names the first field out of its range, as the
// request to import prices has them.
func (i *Import) Check() error {
	if len(i.Only) > MaxPatterns {
		return fault.Field("models", fmt.Sprintf("must have at most %d names", MaxPatterns))
	}
	for _, pattern := range i.Only {
		if !ValidName(pattern) {
			return fault.Field("models", "must have names of 1 to 200 printable characters without blanks, in which * stands for any text")
		}
	}
	return i.Charge.check()
}

// Preview compares a list with the book at a moment. Of a model's dated prices that
// have begun the latest counts. Prices that begin later keep their dates.
func (b *Book) Preview(i Import, at time.Time) Preview {
	var p Preview
	at = at.Truncate(time.Microsecond) // as prices are kept
	listed := b.selected(i, &p)
	for start := 0; start < len(listed); {
		end := start + 1
		for end < len(listed) && listed[end].Model == listed[start].Model {
			end++
		}
		b.preview(i, listed[start:end], at, &p)
		start = end
	}
	return p
}

// preview adds the items of one model, whose listed prices are in the order of their dates.
func (b *Book) preview(i Import, listed []Listed, at time.Time, p *Preview) {
	for len(listed) > 1 && !listed[1].ValidFrom.After(at) {
		listed = listed[1:] // it has been followed
	}
	var last *Price // the last price that the import sets
	for k := range listed {
		l := &listed[k]
		if k+1 < len(listed) && listed[k+1].ValidFrom.Equal(l.ValidFrom) {
			p.Unread = append(p.Unread, Unread{l.Model, "is listed twice for the same moment; the last price counts"})
			continue
		}
		after := &Price{Model: l.Model, ValidFrom: l.ValidFrom, Terms: l.Terms, Source: i.Source, CreatedAt: at}
		if after.ValidFrom.Before(at) {
			after.ValidFrom = at
		}
		before := b.after(last, l.Model, after.ValidFrom)
		after.Terms.Charge = i.Charge
		if before != nil {
			after.Terms.Charge = before.Terms.Charge
		}
		if err := after.Check(at); err != nil {
			p.Unread = append(p.Unread, Unread{l.Model, reason(err)})
			continue
		}
		item := Item{ActionChanged, before, after}
		switch {
		case before == nil:
			item.Action, last = ActionNew, after
		case before.Terms.SameRates(&after.Terms):
			item.Action, item.After = ActionUnchanged, before
		default:
			last = after
		}
		p.Items = append(p.Items, item)
	}
}

// reason says what is wrong with a price.
func reason(err error) string {
	f := fault.As(err)
	for field, problem := range f.Fields {
		return field + " " + problem
	}
	return f.Message
}

// selected are the listed prices to compare, under the names of the models they are
// for, sorted by name and date. A model that the list has under several of its names
// takes the prices of one: its own name, or the first of its aliases that is listed.
func (b *Book) selected(i Import, p *Preview) []Listed {
	all, names := b.withNames(i.Listed)
	found := make([]bool, len(i.Only))
	var listed []Listed
	for _, l := range all {
		m := b.Model(l.Model)
		if !i.selects(l.Model, found) && (m == nil || !i.selects(m.Name, found)) {
			continue
		}
		if m != nil {
			if source := m.listedAs(names); source != l.Model {
				p.Unread = append(p.Unread, Unread{l.Model, fmt.Sprintf("is a name of the model %s, which takes the price of %s", m.Name, source)})
				continue
			}
			l.Model = m.Name
		}
		l.ValidFrom = l.ValidFrom.UTC().Truncate(time.Microsecond)
		listed = append(listed, l)
	}
	for _, u := range i.Unread {
		if i.selects(u.Model, found) {
			p.Unread = append(p.Unread, u)
		}
	}
	for k, pattern := range i.Only {
		if !found[k] {
			p.Unread = append(p.Unread, Unread{pattern, "selects no model of the list"})
		}
	}
	slices.SortStableFunc(listed, func(x, y Listed) int {
		return cmp.Or(cmp.Compare(x.Model, y.Model), x.ValidFrom.Compare(y.ValidFrom))
	})
	return listed
}

// withNames are the listed prices by all names: by their own, and by those of their other
// names that are offered and not listed. names says which one each name belongs to.
func (b *Book) withNames(listed []Listed) (all []Listed, names map[string]string) {
	names = map[string]string{}
	for k := range listed {
		names[listed[k].Model] = listed[k].Model
	}
	for _, l := range listed {
		all = append(all, l)
		for _, also := range l.Also {
			m := b.Model(also)
			if m == nil || m == b.Model(l.Model) || names[also] != "" && names[also] != l.Model {
				continue
			}
			names[also] = l.Model
			other := l
			other.Model = also
			all = append(all, other)
		}
	}
	return all, names
}

// listedAs is the name under which a list has the model.
func (m *Model) listedAs(names map[string]string) string {
	for _, alias := range m.Aliases {
		if names[m.Name] == "" && names[alias] != "" {
			return alias
		}
	}
	return m.Name
}

// selects reports whether a name is to be imported, and notes the patterns that it has the form of.
func (i *Import) selects(name string, found []bool) bool {
	selected := len(i.Only) == 0
	for k, pattern := range i.Only {
		if matches(pattern, name) {
			selected, found[k] = true, true
		}
	}
	return selected
}

// matches reports whether a name has the form of a pattern, in which * stands for any text.
func matches(pattern, name string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, found := strings.CutPrefix(name, first)
	if !found {
		return false
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(name, part)
		}
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name, rest = name[at+len(part):], after
	}
}

// Ends is when a price stops being in force, because the next one of its model
// begins; nil where none follows.
func (b *Book) Ends(p *Price) *time.Time {
	list := b.prices[p.Model]
	for i, other := range list {
		if other.ID == p.ID && i+1 < len(list) {
			return &list[i+1].ValidFrom
		}
	}
	return nil
}

// Set are the prices that the import sets, with ids of mint.
func (p *Preview) Set(mint func(time.Time) uuid.UUID, by string) []Price {
	var prices []Price
	for i := range p.Items {
		if item := &p.Items[i]; item.Action != ActionUnchanged {
			item.After.ID, item.After.CreatedBy = mint(item.After.CreatedAt), by
			prices = append(prices, *item.After)
		}
	}
	return prices
}
