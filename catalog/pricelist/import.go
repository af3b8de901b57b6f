package pricelist

import "codexible/catalog"

// Import is the list as something to import: the models that only selects, all where it
// is empty. charge is what customers pay for those that have no price yet.
func (l *List) Import(only []string, charge catalog.Charge) catalog.Import {
	i := catalog.Import{Source: l.Source, Only: only, Charge: charge}
	for _, e := range l.Entries {
		i.Listed = append(i.Listed, catalog.Listed{Model: e.Model, Also: e.Also, ValidFrom: e.ValidFrom, Terms: e.Terms})
	}
	for _, u := range l.Unread {
		i.Unread = append(i.Unread, catalog.Unread(u))
	}
	return i
}
