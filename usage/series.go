package usage

// Today is a user's day, all keys together.
type Today struct {
	CreditsUsed  int64
	DailyLimit   int64
	RequestCount int64
	Day          Day
}

// DayTotal is one day of a history.
type DayTotal struct {
	Day        Day
	Credits    int64
	Requests   int64
	CostMicros int64
}

// Fill returns one row per day of the range, oldest first, zeros for the days
// without a row: a chart draws it as it is.
func Fill(span Range, rows []DayTotal) []DayTotal {
	byDay := make(map[Day]DayTotal, len(rows))
	for _, r := range rows {
		byDay[r.Day] = r
	}
	var filled []DayTotal
	span.Each(func(d Day) {
		total := byDay[d]
		total.Day = d
		filled = append(filled, total)
	})
	return filled
}

// ModelTotal is what one model was used for.
type ModelTotal struct {
	Model            string
	Requests         int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
}

// HoursADay is the number of rows of an hourly series.
const HoursADay = 24
