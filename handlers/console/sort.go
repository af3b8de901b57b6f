package console

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/views"

	"github.com/google/uuid"
)

// sorting is how a page sorts a list: by a column, with a minus for downwards.
type sorting struct {
	columns []views.Head
	// own is the list's order where the address names none; empty for one that no column tells.
	own string
	// order is the one that the address names; empty for own.
	order string
}

// sorting reads how a list is sorted. An unknown order is the list's own.
func (v *Visit) sorting(own string, columns []views.Head) sorting {
	s := sorting{columns: columns, own: own, order: v.Query.Get("sort")}
	name, _ := strings.CutPrefix(s.order, "-")
	if s.order == own || name == "" || !slices.ContainsFunc(columns, func(h views.Head) bool { return h.Name == name }) {
		s.order = ""
	}
	return s
}

// unsorted are columns of a list that only those named sort.
func unsorted(columns []views.Head, but ...string) []views.Head {
	for i := range columns {
		if !slices.Contains(but, columns[i].Name) {
			columns[i].Name = ""
		}
	}
	return columns
}

// current is the column that sorts the list, and whether downwards.
func (s *sorting) current() (name string, down bool) {
	name, down = strings.CutPrefix(cmp.Or(s.order, s.own), "-")
	return name, down
}

// heads are the heads of the columns; path is the page in an order.
func (s *sorting) heads(path func(order string) string) []views.Head {
	list := slices.Clone(s.columns)
	current, down := s.current()
	for i := range list {
		h := &list[i]
		if h.Name == "" {
			continue
		}
		next := h.Name
		switch {
		case h.Name == current:
			h.Ascending, h.Descending = !down, down
			if !down {
				next = "-" + h.Name
			}
		case h.Down:
			next = "-" + h.Name
		}
		if next == s.own {
			next = ""
		}
		h.Path = path(next)
	}
	return list
}

// cursor is where the page after a row goes on: its id, and in an order of the address also
// that order and the row's value, so that it counts for this order alone.
func (s *sorting) cursor(id, value string) string {
	if s.order == "" {
		return id
	}
	return s.order + "~" + strconv.Itoa(len(id)) + "~" + id + value
}

// after reads a cursor; empty, which is the first page, for one of another order.
func (s *sorting) after(v *Visit) (id, value string) {
	text := v.Query.Get("after")
	if s.order == "" {
		return text, ""
	}
	parts := strings.SplitN(text, "~", 3)
	if len(parts) != 3 || parts[0] != s.order {
		return "", ""
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 0 || n > len(parts[2]) || accounts.CheckText(parts[2][n:], 0, accounts.MaxEmailLength) != "" {
		return "", ""
	}
	return parts[2][:n], parts[2][n:]
}

// afterRow reads a cursor of a list whose rows have UUIDs.
func (s *sorting) afterRow(v *Visit) (id uuid.UUID, value string) {
	text, value := s.after(v)
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, ""
	}
	return id, value
}

// rank is a value that rows in memory are sorted by: a number, and a text where numbers are equal.
type rank struct {
	number int64
	text   string
}

func (r rank) compare(other rank) int {
	return cmp.Or(cmp.Compare(r.number, other.number), strings.Compare(r.text, other.text))
}

func (r rank) String() string { return strconv.FormatInt(r.number, 10) + " " + r.text }

func parseRank(text string) (r rank, ok bool) {
	number, rest, found := strings.Cut(text, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	return rank{n, rest}, found && err == nil
}

func byNumber(n int64) rank   { return rank{number: n} }
func byText(text string) rank { return rank{text: text} }
func byFlag(last bool) (r rank) {
	if last {
		r.number = 1
	}
	return r
}

// byMargin is what is left of the income; lowest where there is none.
func byMargin(m views.Margin) rank {
	if m.Income == nil || m.Income.Sign() <= 0 {
		return byNumber(math.MinInt64)
	}
	left := new(big.Int).Mul(m.Left(), big.NewInt(1_000_000))
	return byAmount(left.Div(left, m.Income))
}

func byAmount(n *big.Int) rank {
	switch {
	case n == nil:
		return byNumber(math.MinInt64)
	case n.IsInt64():
		return byNumber(n.Int64())
	}
	return byNumber(int64(n.Sign()) * math.MaxInt64)
}

// rows are the rows of a list in memory. Rows of one rank are in the order of their names.
type rows[T any] struct {
	list []T
	// name is what a row is known by; unique.
	name func(*T) string
	// rank is the value of a row in a column.
	rank func(row *T, column string) rank
}

// place is where a row is in an order.
type place struct {
	rank rank
	name string
}

func (p place) compare(other place, down bool) int {
	order := p.rank.compare(other.rank)
	if down {
		order = -order
	}
	return cmp.Or(order, strings.Compare(p.name, other.name))
}

// placeOf is where a row is in the order that the address names, or in the list's own, which is by name.
func (r rows[T]) placeOf(row *T, s *sorting) place {
	p := place{name: r.name(row)}
	if s.order != "" {
		column, _ := s.current()
		p.rank = r.rank(row, column)
	}
	return p
}

// sorted returns the rows in the order that the address names, or as they are.
func (r rows[T]) sorted(s *sorting) []T {
	if s.order == "" {
		return r.list
	}
	type placed struct {
		row   T
		place place
	}
	list := make([]placed, len(r.list))
	for i := range r.list {
		list[i] = placed{r.list[i], r.placeOf(&r.list[i], s)}
	}
	_, down := s.current()
	slices.SortFunc(list, func(a, b placed) int { return a.place.compare(b.place, down) })
	sorted := make([]T, len(list))
	for i := range list {
		sorted[i] = list[i].row
	}
	return sorted
}

// behind is where the rows behind the cursor of the address begin; 0 without one.
func (r rows[T]) behind(v *Visit, s *sorting, sorted []T) int {
	name, value := s.after(v)
	last, ok, down := place{name: name}, name != "", false
	if s.order != "" && ok {
		_, down = s.current()
		last.rank, ok = parseRank(value)
	}
	if !ok {
		return 0
	}
	at, there := slices.BinarySearchFunc(sorted, last, func(row T, last place) int { return r.placeOf(&row, s).compare(last, down) })
	if there {
		at++
	}
	return at
}

// page is the part of the rows behind the cursor of the address. Their own order is by name.
func (r rows[T]) page(v *Visit, s *sorting, noun string) (page []T, p views.Pager) {
	list := r.sorted(s)
	at := r.behind(v, s, list)
	path := func(after string) string {
		return views.WithQuery(v.Path, "q", v.Query.Get("q"), "show", v.Query.Get("show"), "sort", s.order, "after", after)
	}
	page = list[at:]
	if len(page) > pageSize {
		page = page[:pageSize]
		last := r.placeOf(&page[pageSize-1], s)
		p.Onward, p.OnwardText = path(s.cursor(last.name, last.rank.String())), "Next page"
	}
	if at > 0 {
		p.Newest = path("")
	}
	if len(list) > pageSize {
		p.Said = views.Number(int64(len(page))) + " of " + views.Count(int64(len(list)), noun)
	} else if len(list) > 0 {
		p.Said = views.Count(int64(len(list)), noun)
	}
	return page, p
}
