package console

import (
	"context"
	"fmt"
	"time"

	"codexible/store"
	"codexible/views"
)

const (
	// callWindow is what the overview shows of the gateway's calls.
	callWindow = 24 * time.Hour
	// callRows is how many models and upstreams have a row.
	callRows = 8
)

// calls are the gateway's calls of a day; nil where there were none.
func (c *Console) calls(ctx context.Context) (*views.Calls, error) {
	f, err := c.Store.CallFigures(ctx, callWindow)
	if err != nil || f.Calls == 0 {
		return nil, err
	}
	shown := &views.Calls{
		Requests: f.Calls, Refused: f.Refused, Failures: f.All.Failures, FirstToken: f.All.FirstToken.P50, FirstToken95: f.All.FirstToken.P95,
		Prompt: f.All.Prompt, CacheRead: f.All.CacheRead, Chart: callChart(f.Slots), Says: "From each request of the last 24 hours.",
		Models: callRowsOf(f.Models, func(g *store.CallGroup) string { return views.RequestsOf("since", "24h", "model", g.Name) }),
		Upstreams: callRowsOf(f.Upstreams, func(g *store.CallGroup) string {
			return views.RequestsOf("since", "24h", "upstream", g.UpstreamID.String())
		}),
	}
	if f.Since.After(c.Now().Add(-callWindow + time.Minute)) {
		shown.Says = fmt.Sprintf("From the latest %s, since %s UTC.", views.Count(f.Calls, "request"), views.Instant(f.Since))
	}
	return shown, nil
}

func callRowsOf(groups []store.CallGroup, path func(*store.CallGroup) string) (rows []views.CallRow) {
	for i := range groups[:min(len(groups), callRows)] {
		g := &groups[i]
		rows = append(rows, views.CallRow{
			Name: g.Name, Path: path(g), Requests: g.Calls, Failures: g.Failures, FirstToken: g.FirstToken.P50, FirstToken95: g.FirstToken.P95,
			Prompt: g.Prompt, CacheRead: g.CacheRead, CostMicros: g.CostMicros,
		})
	}
	return rows
}

// callChart draws how calls ended over the time that the figures have.
func callChart(slots []store.CallSlot) views.Chart {
	chart := views.Chart{Name: "Requests by how they ended", Measure: views.MeasureRequests, Series: []string{"Served", "Failed", "Refused"}}
	for i, s := range slots {
		p := views.Point{Title: s.From.UTC().Format("2 Jan, 15:04") + " to " + s.To.UTC().Format("15:04"), Value: s.Served + s.Failed + s.Refused, Parts: []int64{s.Served, s.Failed, s.Refused}}
		if i%6 == 0 {
			p.Tick = s.From.UTC().Format("15:04")
		}
		chart.Points = append(chart.Points, p)
	}
	return chart
}
