package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// sumSources are the parts of what is summed up, each by every dimension of the query and
// with every figure. They are sums themselves, so that few rows are sorted.
type sumSources struct {
	q     *UsageSumQuery
	words sumWords
	text  strings.Builder
	args  []any
}

// sources is the text of all that is summed up.
func (q *UsageSumQuery) sources(words sumWords) (text string, args []any) {
	s := &sumSources{q: q, words: words}
	if q.single() {
		s.singleCharges()
	} else {
		s.totals()
		s.uncollected()
	}
	if q.KeyID == uuid.Nil && q.Model == "" {
		s.add("corrections AS o", "o", byUserDay("o"), map[string]string{"corrected": "o.credits"}, "")
	}
	return s.text.String(), s.args
}

// dimensions are the expressions of what a source has, by column. What it has not is none.
type dimensions map[string]string

// byUserDay are the dimensions of what belongs to a user and a day alone.
func byUserDay(alias string) dimensions {
	return dimensions{"day": alias + ".day", "user_id": alias + ".user_id"}
}

// byKeyDay are those of what has no hour and no upstream.
func byKeyDay(alias string) dimensions {
	return dimensions{"day": alias + ".day", "user_id": alias + ".user_id", "key_id": alias + ".key_id", "model": alias + ".model"}
}

// planOf is the plan of a row's user. Postgres takes the rows of a range of ids and days for
// one, and would join each of them with every user of the plan.
func planOf(alias string) string {
	return "(SELECT u.plan_id FROM users AS u WHERE u.id = " + alias + ".user_id)"
}

// add adds the sums of a table, which has the alias given.
func (s *sumSources) add(table, alias string, by dimensions, figures map[string]string, condition string, more ...any) {
	none := map[string]string{"hour": "-1", "key_id": s.words.noID, "model": "''", "plan_id": planOf(alias), "upstream_id": s.words.noID}
	var groups, columns, places []string
	for i, dimension := range s.q.By {
		column := sumDimensions[dimension].column
		groups = append(groups, cmp.Or(by[column], none[column]))
		columns, places = append(columns, groups[i]+" AS "+column), append(places, strconv.Itoa(i+1))
	}
	for _, figure := range sumFigures {
		sum := "0"
		if figures[figure] != "" {
			sum = "SUM(" + figures[figure] + ")"
		}
		columns = append(columns, sum+" AS "+figure)
	}
	where, args := narrowed(" WHERE "+alias+".day BETWEEN ? AND ?"+condition, append([]any{string(s.q.Span.From()), string(s.q.Span.To())}, more...),
		alias, s.q.UserID, s.q.KeyID, uuid.Nil, s.q.Model)
	if s.q.PlanID != uuid.Nil {
		where, args = where+" AND "+planOf(alias)+" = ?", append(args, s.q.PlanID)
	}
	if s.q.After != nil {
		where += " AND (" + strings.Join(groups, ", ") + ") > (?" + strings.Repeat(", ?", len(groups)-1) + ")"
		for _, dimension := range s.q.By {
			args = append(args, sumDimensions[dimension].value(s.q.After))
		}
	}
	if s.text.Len() > 0 {
		s.text.WriteString(" UNION ALL ")
	}
	s.text.WriteString("SELECT " + strings.Join(columns, ", ") + " FROM " + table + where)
	if len(places) > 0 {
		s.text.WriteString(" GROUP BY " + strings.Join(places, ", "))
	}
	s.args = append(s.args, args...)
}

func (s *sumSources) totals() {
	s.add("daily_usage AS t", "t", byKeyDay("t"), map[string]string{
		"requests": "t.requests", "credits": "t.credits", "cost_micros": "t.cost_micros", "prompt": "t.prompt_tokens", "completion": "t.completion_tokens",
	}, "")
	s.add("daily_tokens AS t", "t", byKeyDay("t"), map[string]string{
		"cache_read": "t.cache_read", "cache_write": "t.cache_write", "cache_write_1h": "t.cache_write_1h", "audio_input": "t.audio_input",
		"audio_output": "t.audio_output", "reasoning": "t.reasoning", "web_searches": "t.web_searches",
	}, "")
}

// uncollected adds what did not fit, which no total has by key and model. Of days whose
// charges a retention has removed, or began to, the users' days alone have it.
func (s *sumSources) uncollected() {
	const removed = "EXISTS (SELECT 1 FROM retention AS gone WHERE gone.kept_from > "
	byUser := map[string]string{"uncollected": "d.uncollected"}
	filtered := s.q.KeyID != uuid.Nil || s.q.Model != ""
	if !filtered && !slices.Contains(s.q.By, SumByKey) && !slices.Contains(s.q.By, SumByModel) {
		s.add("user_days AS d", "d", byUserDay("d"), byUser, " AND d.uncollected <> 0")
		return
	}
	byCharge := map[string]string{"uncollected": "c.uncollected"}
	s.charges("usage AS c", byKeyDay("c"), byCharge, " AND c.uncollected <> 0 AND NOT "+removed+"c.day)")
	s.add("usage AS c", "c", byKeyDay("c"), byCharge, " AND c.adjusts_id IS NOT NULL AND c.uncollected <> 0 AND NOT "+removed+"c.day)")
	if !filtered {
		s.add("user_days AS d", "d", byUserDay("d"), byUser, " AND d.uncollected <> 0 AND "+removed+"d.day)")
	}
}

// charges adds the charges c but for adjustments, along the primary key.
func (s *sumSources) charges(table string, by dimensions, figures map[string]string, condition string) {
	s.add(table, "c", by, figures, " AND c.id >= ? AND c.id < ? AND c.adjusts_id IS NULL"+condition,
		firstID(s.q.Span.From().Start().Add(-idSlack)), firstID(s.q.Span.To().End().Add(idSlack)))
}

// singleCharges adds every figure of the charges, and then of the adjustments: there are
// few, and an index has their days, for they may be made long after them.
func (s *sumSources) singleCharges() {
	figures, fields := map[string]string{
		"requests": "1", "credits": "c.credits", "cost_micros": "c.cost_micros", "uncollected": "c.uncollected", "prompt": "c.prompt_tokens", "completion": "c.completion_tokens",
	}, []string{"web_searches"}
	for _, bucket := range []string{"cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output", "reasoning"} {
		figures[bucket] = s.words.token(bucket + "_tokens")
		fields = append(fields, bucket+"_tokens")
	}
	figures["web_searches"] = s.words.token("web_searches")
	by := func(hour, upstream string) dimensions {
		all := byKeyDay("c")
		all["hour"], all["upstream_id"] = hour, "COALESCE("+upstream+", "+s.words.noID+")"
		return all
	}
	buckets := s.words.buckets(fields)
	s.charges("usage AS c"+buckets, by(s.words.hour("c"), "c.upstream_id"), figures, "")
	figures["requests"] = "0"
	s.add("usage AS c LEFT JOIN usage AS a ON a.id = c.adjusts_id AND a.day = c.day"+buckets, "c",
		by("COALESCE("+s.words.hour("a")+", "+s.words.hour("c")+")", "c.upstream_id, a.upstream_id"), figures, " AND c.adjusts_id IS NOT NULL")
}
