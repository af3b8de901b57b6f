package views

import "codexible/usage"

// Usage is the page of any range of days, for all users or for one user, key,
// model or plan.
type Usage struct {
	Frame
	From, To               Field
	User, Key, Model, Plan Field
	Measure                Field
	Quick                  RangeChoice
	Chart                  Chart
	// Order and Group are kept by the filters. Heads are of the breakdown, the others of the tables of margins.
	Order, Group                 string
	Heads, ModelHeads, PlanHeads []Head
	Groups                       RangeChoice
	Rows                         []UsageRow
	Total                        UsageRow
	// Money is what the days cost and brought in, Tokens what priced calls used; both without
	// points where they are not known under these filters.
	Money, Tokens Chart
	Buckets       []BucketRow
	// Margin is that of all charges, ModelMargins and PlanMargins divide it.
	Margin                    UsageRow
	ModelMargins, PlanMargins []UsageRow
	// ValueSays is what a credit is worth where no price says so.
	ValueSays             string
	ExportURL, ChargesURL string
	// Problems are the errors in the chosen range and filters, a sentence each.
	Problems []string
}

// UsageRow is one row of the table: a group and its totals.
type UsageRow struct {
	Name string
	// Day is that of a row of one day; empty for others.
	Day        usage.Day
	Mono       bool
	Requests   int64
	Credits    int64
	CostMicros int64
	// Margin is in micro-dollars; zero where it is not known.
	Margin Margin
}
