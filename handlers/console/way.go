package console

import (
	"cmp"
	"slices"

	"codexible/catalog"
	"codexible/gateway"
	"codexible/usage"
	"codexible/views"
)

// placeStops puts the candidates of a model in the order in which the gateway tries them.
func placeStops(stops []views.Stop) {
	slices.SortStableFunc(stops, byPlace)
	place := 0
	for i := 0; i < len(stops); {
		var lots int64
		end := i
		for ; end < len(stops) && byPlace(stops[i], stops[end]) == 0; end++ {
			lots += lotsOf(stops[end])
		}
		place++
		for ; i < end; i++ {
			if !called(stops[i].Upstream) {
				continue
			}
			stops[i].Place = place
			if lots > 0 {
				stops[i].Percent = views.Percent(lotsOf(stops[i]), lots)
			}
		}
	}
}

// called reports whether calls go to an upstream at all.
func called(u *gateway.Upstream) bool { return u.Enabled && u.Problem == "" }

func lotsOf(s views.Stop) int64 { return s.Candidate.Weight * s.Upstream.Weight }

// byPlace is 0 for candidates among which a call is drawn by their weights.
func byPlace(a, b views.Stop) int {
	last := func(s views.Stop) int {
		switch {
		case !called(s.Upstream):
			return 2
		case lotsOf(s) == 0:
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.Candidate.Priority, b.Candidate.Priority), cmp.Compare(a.Upstream.Priority, b.Upstream.Priority))
}

// warnings are why calls of a model are not served, or not charged in full.
func warnings(stops []views.Stop, price *catalog.Price) (list []views.Notice) {
	warn := func(title, text string) {
		list = append(list, views.Notice{Tone: views.ToneWarn, Title: title, Text: text})
	}
	switch {
	case len(stops) == 0:
		warn("No upstream serves this model", "Calls of it are answered with 404. Choose its upstreams. Services that send its usage are still charged by its price.")
	case !slices.ContainsFunc(stops, func(s views.Stop) bool { return s.State.Ready() }):
		warn("No upstream can take its calls at the moment", "They are answered with 503. The states below say why.")
	}
	switch {
	case price == nil:
		warn("No price", "Calls of it are answered with 404 until it has a price.")
	case price.Terms.PerWebSearch == 0 && slices.ContainsFunc(stops, func(s views.Stop) bool { return searches(s.Upstream) }):
		warn("No price for web searches", "A call may use the tool web_search, for which the provider may bill each search. Such searches cost the customer nothing, and are not in the cost. Set a price with dollars per web search.")
	}
	return list
}

// searches reports whether calls of an upstream may use web_search, which providers bill beside the tokens.
func searches(u *gateway.Upstream) bool {
	return u.Kind != gateway.Compatible || slices.Contains(u.Wires, usage.Responses) || slices.Contains(u.Wires, usage.Messages)
}
