package keys

import (
	"context"
	"errors"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// shelf is a desk whose book has the models of a test.
func shelf(t *testing.T, models ...catalog.Model) (d *desk, reads *int, failure *error) {
	t.Helper()
	d, reads, failure = newDesk(t), new(int), new(error)
	d.catalog = catalog.NewCache(func(context.Context) (*catalog.Book, error) {
		*reads++
		return catalog.NewBook(models, nil), *failure
	}, d.now)
	d.Up(true)
	return d, reads, failure
}

func asksFor(s Secret, model string) Request {
	return Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: 1, Model: model}}
}

func TestAKeyUsesOnlyTheModelsOfItsPlanAndItsOwn(t *testing.T) {
	id := someone()
	id.Plan.RateLimitPerMinute, id.Plan.ID = 100, uuid.New()
	other := uuid.New()
	d, reads, _ := shelf(t,
		catalog.Model{Name: "large", Aliases: []string{"latest"}}, catalog.Model{Name: "small"},
		catalog.Model{Name: "hidden", Plans: []uuid.UUID{other}}, catalog.Model{Name: "shown", Plans: []uuid.UUID{other, id.Plan.ID}})
	for _, c := range []struct {
		plan, key []string
		model     string
		want      Code
	}{
		{nil, nil, "large", Valid},
		{nil, nil, "never heard of", Valid},
		{nil, nil, "hidden", ModelNotAllowed},
		{nil, nil, "shown", Valid},
		{[]string{"hidden"}, []string{"hidden"}, "hidden", ModelNotAllowed},
		{[]string{"large"}, nil, "latest", Valid}, // a name is the model that it means
		{[]string{"latest"}, nil, "large", Valid},
		{[]string{"large"}, nil, "small", ModelNotAllowed},
		{[]string{"large"}, nil, "never heard of", ModelNotAllowed},
		{[]string{"unlisted"}, nil, "unlisted", Valid},
		{nil, []string{"small"}, "large", ModelNotAllowed},
		{nil, []string{"small"}, "small", Valid},
		{[]string{"large", "small"}, []string{"small"}, "latest", ModelNotAllowed},
		{[]string{"large"}, []string{"small"}, "small", ModelNotAllowed}, // a key goes not beyond its plan
		{[]string{"large"}, []string{"small"}, "", Valid},                // no model is named
		{[]string{"large"}, []string{"small"}, usage.UnknownModel, Valid},
	} {
		s := Mint()
		id.Key.ID, id.Plan.Models, id.Key.Models = uuid.New(), c.plan, c.key
		d.directory.set(s, id)
		posted := len(d.directory.posted)
		v := d.wantVerdict(t, asksFor(s, c.model), c.want)
		if c.want == ModelNotAllowed && (len(d.directory.posted) != posted || v.CreditsUsed != usedToday || v.Identity == nil || v.PriceID != uuid.Nil) {
			t.Errorf("plan %v, key %v, model %q: a refusal posted %d entries and reports %+v", c.plan, c.key, c.model, len(d.directory.posted)-posted, v)
		}
	}
	if *reads != 1 {
		t.Errorf("the book was read %d times, want once", *reads)
	}
}

// The rate is decided, and counted, before the model; the model before what is open at once.
func TestTheModelIsDecidedAfterTheRateAndBeforeTheLedger(t *testing.T) {
	d, _, _ := shelf(t)
	s, id := Mint(), someone()
	id.Plan.RateLimitPerMinute, id.Plan.Models = 2, []string{"large"}
	d.directory.set(s, id)
	d.directory.busy = true
	refused := asksFor(s, "small")
	refused.Hold = &Hold{OwnerID: uuid.New(), TTL: time.Minute}
	if v := d.wantVerdict(t, refused, ModelNotAllowed); v.Rate.Remaining != 1 {
		t.Errorf("a refusal for its model leaves %d requests, want 1", v.Rate.Remaining)
	}
	allowed := asksFor(s, "large")
	allowed.Hold = refused.Hold
	d.wantVerdict(t, allowed, ConcurrencyLimited)
	d.wantVerdict(t, refused, RateLimited)
}

func TestAChangeOfAModelCountsFromTheNextRequestOn(t *testing.T) {
	models := []catalog.Model{{Name: "large"}}
	d := newDesk(t)
	d.catalog = catalog.NewCache(func(context.Context) (*catalog.Book, error) { return catalog.NewBook(models, nil), nil }, d.now)
	d.Up(true)
	s, id := Mint(), someone()
	id.Plan.RateLimitPerMinute = 100
	d.directory.set(s, id)
	d.wantVerdict(t, asksFor(s, "large"), Valid)
	models = []catalog.Model{{Name: "large", Plans: []uuid.UUID{uuid.New()}}}
	d.wantVerdict(t, asksFor(s, "large"), Valid) // nobody has said so
	d.Changed(accounts.Change{Subject: accounts.SubjectModel, ID: uuid.New()})
	d.wantVerdict(t, asksFor(s, "large"), ModelNotAllowed)
}

func TestABookThatCannotBeReadIsAFaultOfOursAndOnlyWhereAModelIsNamed(t *testing.T) {
	d, reads, failure := shelf(t)
	s, id := Mint(), someone()
	id.Plan.RateLimitPerMinute = 100
	d.directory.set(s, id)
	*failure = fault.Away(errors.New("gone"))
	for _, model := range []string{"", usage.UnknownModel} {
		d.wantVerdict(t, asksFor(s, model), Valid)
	}
	if *reads != 0 {
		t.Errorf("the book was read %d times for requests that name no model", *reads)
	}
	if v, err := d.Verify(context.Background(), asksFor(s, "large")); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%s, %v; want a fault of ours", v.Code, err)
	}
}

// A priced charge is recorded though its credits are less than one, or none.
func TestAPricedChargeIsPostedWhateverItsCredits(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	id.Plan.RateLimitPerMinute = 100
	d.directory.set(s, id)
	priced := &usage.Priced{PriceID: uuid.New(), Tokens: usage.Tokens{Requests: 1}}
	r := Request{Secret: s.Reveal(), Charge: usage.Charge{Priced: priced}}
	if v := d.wantVerdict(t, r, Valid); v.PriceID != priced.PriceID {
		t.Errorf("the verdict names the price %s, want %s", v.PriceID, priced.PriceID)
	}
	if len(d.directory.posted) != 1 || d.directory.posted[0].Priced != priced {
		t.Errorf("posted are %+v", d.directory.posted)
	}
	r.Charge.IdempotencyKey = "again"
	if v := d.wantVerdict(t, r, Valid); !v.Duplicate || v.PriceID != uuid.Nil {
		t.Errorf("a duplicate names the price %s, which may not be that of the first", v.PriceID)
	}
}
