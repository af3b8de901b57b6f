package views

import (
	"fmt"
	"math/big"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Charge is the page that says why a charge cost what it did.
type Charge struct {
	Frame
	Record          usage.Record
	Email, KeyLabel string
	// Bill is nil for a charge by hand, and where the price's rates give no quote.
	Bill *Bill
	// Decided is when the price was chosen, where that was before the charge: the moment of its hold.
	Decided *time.Time
	// Note says why there is no Bill, or what is odd about it.
	Note string
}

// whole is what was charged and what was not, together: what the price made of the usage.
func (c *Charge) whole() int64 { return c.Record.Millionths + c.Record.Uncollected }

// agrees reports whether the price makes exactly the figures of the charge.
func (c *Charge) agrees() bool {
	return c.Bill != nil && c.Bill.CostMicros == c.Record.CostMicros && c.Bill.Millionths == c.whole()
}

// movedSays is how the charge moved the user's day.
func (c *Charge) movedSays() string {
	r := &c.Record
	exact := ExactCredits(r.Millionths)
	switch {
	case r.Millionths == r.Credits*usage.Millionths:
		return fmt.Sprintf("%s credits were added to the day. Its sum, rounded up to whole credits, moved by %s.", exact, Count(r.Credits, "credit"))
	case r.Credits == 0:
		return exact + " credits were added to the day. They fit into the credit that earlier calls of the day had begun: its sum, rounded up to whole credits, did not move."
	}
	return fmt.Sprintf("%s credits were added to the day. Its sum, rounded up to whole credits, moved by %s.", exact, Count(r.Credits, "credit"))
}

// income is what the credits of the charge are worth, in pico-dollars.
func (c *Charge) income() Margin {
	return Margin{Income: Income(c.Record.Millionths, c.Bill.Charge.CreditValue), Cost: big.NewInt(c.Bill.Picos)}
}

// ChargePath is the page of a charge.
func ChargePath(r *usage.Record) string { return "/admin/charges/" + r.ID.String() }

func (c *Charge) adjusts() bool { return c.Record.AdjustsID != uuid.Nil }

func (c *Charge) byHandTitle() string {
	switch {
	case c.Record.Call != nil && (c.Record.Priced == nil || c.adjusts()):
		return "Nothing to break down"
	case c.Record.Priced == nil:
		return "Charged by hand"
	}
	return "The price cannot be shown"
}

// momentSays is at which moment the price was chosen.
func (c *Charge) momentSays() string {
	if c.Decided != nil {
		return fmt.Sprintf("This charge settled a hold of %s UTC. The price of the hold's moment counts, whenever the call ended.", Instant(*c.Decided))
	}
	return fmt.Sprintf("It was in force when the call was charged, at %s UTC.", Instant(c.Record.CreatedAt))
}

// outcomeSays is how a call of the gateway ended.
func outcomeSays(o usage.CallOutcome) string {
	switch o {
	case usage.CallComplete:
		return "Complete"
	case usage.CallStopped:
		return "Stopped by the gateway: no credits were left"
	case usage.CallClientGone:
		return "The client left before its end"
	case usage.CallUpstreamError:
		return "The upstream failed"
	case usage.CallInterrupted:
		return "Interrupted: the process that served it ended, and the hold's deadline charged what had been delivered"
	case usage.CallRefused:
		return "Refused"
	}
	return string(o) // of a newer version
}

// sourceSays is where the tokens of a call come from.
func sourceSays(s usage.Source) string {
	switch s {
	case usage.SourceReported:
		return "As the upstream reported them"
	case usage.SourceCounted:
		return "Partly as the upstream reported them, the rest estimated from what was delivered"
	case usage.SourceEstimated:
		return "Estimated from what was delivered"
	}
	return string(s)
}
