package handlers

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"codexible/fault"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// A cursor is what the last sum of a page is divided by: a byte for each dimension, then its
// value. Clients take it as it is.

var cursorMarks = map[store.SumBy]byte{
	store.SumByDay: 'd', store.SumByHour: 'h', store.SumByUser: 'u', store.SumByKey: 'k', store.SumByModel: 'm', store.SumByPlan: 'p', store.SumByUpstream: 's',
}

// errCursor is the error for an after that this service did not make, or for another group_by.
var errCursor = fault.Field("after", "must be next of a page with the same group_by")

func sumCursor(u *store.UsageSum, by []store.SumBy) string {
	var b []byte
	for _, dimension := range by {
		b = append(b, cursorMarks[dimension])
		switch dimension {
		case store.SumByDay:
			b = append(b, u.Day...)
		case store.SumByHour:
			b = append(b, byte(u.Hour+1))
		case store.SumByModel:
			b = append(append(b, u.Model...), 0) // no model has this byte
		case store.SumByUser:
			b = append(b, u.UserID[:]...)
		case store.SumByKey:
			b = append(b, u.KeyID[:]...)
		case store.SumByPlan:
			b = append(b, u.PlanID[:]...)
		case store.SumByUpstream:
			b = append(b, u.UpstreamID[:]...)
		}
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// readSumCursor reads what sumCursor wrote, and nothing else; nil for an empty text.
func readSumCursor(text string, by []store.SumBy) (*store.UsageSum, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // there is no cursor, and nothing is wrong
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errCursor
	}
	r := cursorReader{rest: string(b), ok: true}
	u := &store.UsageSum{Hour: store.NoHour}
	for _, dimension := range by {
		r.ok = r.ok && r.take(1) == string(cursorMarks[dimension])
		switch dimension {
		case store.SumByDay:
			day, valid := usage.ParseDay(r.take(len(usage.FirstDay)))
			u.Day, r.ok = day, r.ok && valid
		case store.SumByHour:
			u.Hour = r.hour()
		case store.SumByModel:
			u.Model = r.text()
		case store.SumByUser:
			u.UserID = r.id()
		case store.SumByKey:
			u.KeyID = r.id()
		case store.SumByPlan:
			u.PlanID = r.id()
		case store.SumByUpstream:
			u.UpstreamID = r.id()
		}
	}
	if !r.ok || sumCursor(u, by) != text {
		return nil, errCursor
	}
	return u, nil
}

// cursorReader reads the parts of a cursor; ok is false where one is missing or wrong.
type cursorReader struct {
	rest string
	ok   bool
}

func (r *cursorReader) take(n int) (part string) {
	if len(r.rest) < n {
		r.ok = false
		return ""
	}
	part, r.rest = r.rest[:n], r.rest[n:]
	return part
}

func (r *cursorReader) hour() int64 {
	part := r.take(1)
	if part == "" || part[0] > usage.HoursADay {
		r.ok = false
		return store.NoHour
	}
	return int64(part[0]) - 1
}

func (r *cursorReader) id() (id uuid.UUID) {
	copy(id[:], r.take(len(id)))
	return id
}

func (r *cursorReader) text() string {
	part, rest, found := strings.Cut(r.rest, "\x00")
	r.rest, r.ok = rest, r.ok && found && utf8.ValidString(part)
	return part
}
