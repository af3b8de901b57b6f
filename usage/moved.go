package usage

// Moved is what an entry changed beside its answer. A batch is committed once, so
// the sum over all instances counts everything once.
type Moved struct {
	// Expired is how many holds of the user the entry found past their deadline and ended.
	Expired int64
	// Held is by how many credits the entry raised what is set aside.
	Held int64
	// Released is 1 where the entry released an open hold.
	Released int64
	// Uncollected is what did not fit, in millionths: of the entry and of the holds that it found past
	// their deadline. It is negative where a late settlement costs less than the expiry has missed.
	Uncollected int64
}

// mark is how an account stands before an entry; held is for those alone that may raise it.
type mark struct {
	open    int
	held    int64
	records int
}

func (d *decider) mark(e *Entry, a *Account) mark {
	m := mark{open: len(a.Holds), records: len(d.Records)}
	if e.Kind == KindHold || e.Kind == KindExtend {
		for _, h := range a.Holds {
			m.held += h.Credits
		}
	}
	return m
}

// moved is what has changed since the account was marked; expired marks it after its due holds were ended.
func (d *decider) moved(e *Entry, a *Account, began, expired mark) (m Moved) {
	now := d.mark(e, a)
	m.Expired, m.Held = int64(began.open-expired.open), now.held-expired.held
	if e.Kind == KindRelease {
		m.Released = int64(expired.open - now.open)
	}
	for i := began.records; i < now.records; i++ {
		m.Uncollected += d.Records[i].Uncollected
	}
	return m
}
