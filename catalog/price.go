package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Bounds of prices. Amounts of money are in pico-dollars: a dollar per million tokens
// is PicosPerMicro of them per token.
const (
	PicosPerMicro = 1_000_000
	PicosPerUSD   = PicosPerMicro * usage.MicrosPerUSD
	// MaxRate is the highest price of a token: a million dollars per million tokens.
	MaxRate = PicosPerUSD
	// MaxFee is the highest price of a request or of a web search: a thousand dollars.
	MaxFee = 1000 * PicosPerUSD
	// MaxPercent is the highest percentage of the cost, in hundredths of a percent.
	MaxPercent = 10_000 * Hundredths
	Hundredths = 100
	// MaxCreditValue is the highest value of a credit, in micro-dollars.
	MaxCreditValue = 1000 * usage.MicrosPerUSD
	MaxBands       = 16
	MaxTiers       = 16
	// MaxSource is the longest name of where a price came from, in characters.
	MaxSource = 200
	// MaxAhead is how far in the future a price may begin.
	MaxAhead = 5 * 366 * 24 * time.Hour
)

// How many decimals amounts have where people write them: dollars per million tokens,
// dollars of a request or search, a percentage, credits, and dollars of a credit.
const (
	RatePlaces        = 6
	FeePlaces         = 12
	PercentPlaces     = 2
	CreditPlaces      = 6
	CreditValuePlaces = 6
)

// Price is what a model costs and what customers pay for it, from a moment on. It is
// never changed: the next price of the model follows it.
type Price struct {
	ID        uuid.UUID
	Model     string
	ValidFrom time.Time
	Terms     Terms
	// Source says where it came from: SourceManual, or the list that was imported.
	Source    string
	CreatedAt time.Time
	CreatedBy string
}

// SourceManual is the source of a price that a person or a program set by itself.
const SourceManual = "manual"

// Terms are the rates and the charge of a price.
type Terms struct {
	Base Set `json:"base"`
	// Tiers are the prices of service tiers that have their own, by name.
	Tiers map[string]Set `json:"tiers,omitempty"`
	// PerRequest and PerWebSearch are in pico-dollars.
	PerRequest   int64  `json:"per_request,omitempty"`
	PerWebSearch int64  `json:"per_web_search,omitempty"`
	Charge       Charge `json:"charge"`
}

// Set is the rates of a service tier: those of small calls, and the bands that
// reprice larger ones as a whole.
type Set struct {
	Rates Rates `json:"rates"`
	// Bands are sorted by Above.
	Bands []Band `json:"bands,omitempty"`
}

// Band reprices calls that read more than Above tokens.
type Band struct {
	Above int64 `json:"above"`
	Rates Rates `json:"rates"`
}

// Rates are pico-dollars per token. A bucket without a rate of its own has that of
// the input, or of the output for audio that the model wrote.
type Rates struct {
	Input        int64  `json:"input"`
	Output       int64  `json:"output"`
	CacheRead    *int64 `json:"cache_read,omitempty"`
	CacheWrite   *int64 `json:"cache_write,omitempty"`
	CacheWrite1h *int64 `json:"cache_write_1h,omitempty"`
	AudioInput   *int64 `json:"audio_input,omitempty"`
	AudioOutput  *int64 `json:"audio_output,omitempty"`
}

// Of is the rate of a bucket.
func (r *Rates) Of(b usage.Bucket) int64 {
	if own := r.Own(b); own != nil {
		return *own
	}
	if b == usage.AudioOutput {
		return r.Output
	}
	return r.Input
}

// Own is the rate that a bucket has by itself; nil for none.
func (r *Rates) Own(b usage.Bucket) *int64 {
	return [usage.NumBuckets]*int64{&r.Input, r.CacheRead, r.CacheWrite, r.CacheWrite1h, r.AudioInput, &r.Output, r.AudioOutput}[b]
}

// SetOwn gives a bucket a rate of its own.
func (r *Rates) SetOwn(b usage.Bucket, rate int64) {
	switch b {
	case usage.Input:
		r.Input = rate
	case usage.Output:
		r.Output = rate
	case usage.CacheRead:
		r.CacheRead = &rate
	case usage.CacheWrite:
		r.CacheWrite = &rate
	case usage.CacheWrite1h:
		r.CacheWrite1h = &rate
	case usage.AudioInput:
		r.AudioInput = &rate
	case usage.AudioOutput:
		r.AudioOutput = &rate
	case usage.NumBuckets:
	}
}

// Mode is what a customer pays by.
type Mode string

// The modes.
const (
	// ByCost charges a percentage of the cost, at the value of a credit.
	ByCost Mode = "cost"
	// ByRequest charges so many credits a request, whatever it costs.
	ByRequest Mode = "request"
)

// Charge is what a customer pays.
type Charge struct {
	Mode Mode `json:"mode"`
	// Credits are millionths of a credit a request, by ByRequest.
	Credits int64 `json:"credits,omitempty"`
	// Percent is in hundredths of a percent, by ByCost.
	Percent int64 `json:"percent,omitempty"`
	// CreditValue is what a credit is worth, in micro-dollars.
	CreditValue int64 `json:"credit_value"`
}

// Check returns an error that names the first field out of its range, as the
// request to create a price has them.
func (t *Terms) Check() error {
	if err := t.Base.check("usd_per_million", "bands"); err != nil {
		return err
	}
	if len(t.Tiers) > MaxTiers {
		return fault.Field("tiers", fmt.Sprintf("must have at most %d tiers", MaxTiers))
	}
	for name, set := range t.Tiers {
		if base(name) || !usage.ValidTier(name) {
			return fault.Field("tiers", "must have names of 1 to 32 characters of a-z, 0-9, _ and -, other than default, standard and auto")
		}
		if err := set.check("tiers."+name, "tiers."+name+".bands"); err != nil {
			return err
		}
	}
	switch {
	case t.PerRequest < 0 || t.PerRequest > MaxFee:
		return fault.Field("usd_per_request", "must be from 0 to 1000 dollars")
	case t.PerWebSearch < 0 || t.PerWebSearch > MaxFee:
		return fault.Field("usd_per_web_search", "must be from 0 to 1000 dollars")
	}
	return t.Charge.check()
}

func (s *Set) check(rates, bands string) error {
	if err := s.Rates.check(rates); err != nil {
		return err
	}
	if len(s.Bands) > MaxBands {
		return fault.Field(bands, fmt.Sprintf("must have at most %d bands", MaxBands))
	}
	for i := range s.Bands {
		b := &s.Bands[i]
		if b.Above < 1 || b.Above > usage.MaxTokens || i > 0 && b.Above <= s.Bands[i-1].Above {
			return fault.Field(bands, "must have rising values of above_input_tokens from 1 to 1000000000")
		}
		if err := b.Rates.check(bands); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rates) check(field string) error {
	for b := range usage.NumBuckets {
		if rate := r.Of(b); rate < 0 || rate > MaxRate {
			return fault.Field(field, "must have prices from 0 to 1000000 dollars a million tokens")
		}
	}
	return nil
}

func (c *Charge) check() error {
	switch {
	case c.CreditValue < 1 || c.CreditValue > MaxCreditValue:
		return fault.Field("charge.credit_value_usd", "must be from 0.000001 to 1000 dollars")
	case c.Mode == ByRequest && (c.Credits < 0 || c.Credits > usage.MaxCredits*usage.Millionths):
		return fault.Field("charge.credits", "must be from 0 to 1000000000")
	case c.Mode == ByCost && (c.Percent < 0 || c.Percent > MaxPercent):
		return fault.Field("charge.percent", "must be from 0 to 10000")
	case c.Mode != ByCost && c.Mode != ByRequest:
		return fault.Field("charge.mode", "must be cost or request")
	}
	return nil
}

// base reports whether a service tier is priced by the base set.
func base(tier string) bool {
	return tier == "" || tier == "default" || tier == "standard" || tier == "auto"
}

// SameRates reports whether two prices cost the operator the same, whatever customers pay.
func (t *Terms) SameRates(other *Terms) bool {
	x, y := *t, *other
	x.Charge, y.Charge = Charge{}, Charge{}
	return x.Same(&y)
}

// Same reports whether two prices are the same for the operator and for customers.
func (t *Terms) Same(other *Terms) bool {
	return bytes.Equal(t.AppendText(nil), other.AppendText(nil))
}

// AppendText writes the terms as JSON, the same terms always as the same text.
func (t *Terms) AppendText(b []byte) []byte {
	text, _ := json.Marshal(t) //nolint:errchkjson // integers and texts always encode, and a map's keys are sorted
	return append(b, text...)
}

// ParseTerms reads what AppendText wrote.
func ParseTerms(text string) (t Terms, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&t); err != nil {
		return t, fmt.Errorf("the terms of a price: %w", err)
	}
	return t, t.Check()
}

// later reports whether a price follows another of the same model.
func later(x, y *Price) int {
	if c := x.ValidFrom.Compare(y.ValidFrom); c != 0 {
		return c
	}
	return bytes.Compare(x.ID[:], y.ID[:])
}
