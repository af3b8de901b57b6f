package views

// Usage is the page of any range of days, of everybody or of one user, key,
// model or plan.
type Usage struct {
	Frame
	From, To               Field
	User, Key, Model, Plan Field
	Measure                Field
	Quick                  RangeChoice
	Chart                  Chart
	// GroupHead names the first column: Day, Model or Plan.
	GroupHead string
	Groups    RangeChoice
	Rows      []UsageRow
	Total     UsageRow
	ExportURL string
	// Problems are what is wrong with the chosen range or filters, a sentence each.
	Problems []string
}

// UsageRow is one line of the table, a group and its figures.
type UsageRow struct {
	Name       string
	Mono       bool
	Requests   int64
	Credits    int64
	CostMicros int64
}
