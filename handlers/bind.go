package handlers

import (
	"reflect"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// maxFields is how many fields a body may have: one bit each.
const maxFields = 64

// problems is what is wrong with each field of a request.
type problems map[string]string

func (p *problems) add(name, problem string) {
	if *p == nil {
		*p = problems{}
	}
	(*p)[name] = problem
}

// bind fills a request from the path, the query, the headers and the body, and
// reports every wrong field at once.
func (s *shape) bind(x *exchange, request reflect.Value) error {
	var wrong problems
	for _, f := range s.params {
		problem, err := f.param(x, request)
		if err != nil {
			return err
		}
		if problem != "" {
			wrong.add(f.name, problem)
		}
	}
	if len(s.fields) > 0 {
		body, given, err := x.object(s.bodyNeeded)
		if err != nil {
			return err
		}
		s.body(body, given, request, &wrong)
	}
	if wrong != nil {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// param reads one value of the path, the query or a header.
func (f *field) param(x *exchange, request reflect.Value) (problem string, err error) {
	switch f.in {
	case "path":
		id, err := uuid.Parse(x.Params(f.name))
		if err != nil || len(x.Params(f.name)) != uuidLength {
			return "", noSuch(x.route.path)
		}
		request.FieldByIndex(f.index).Set(reflect.ValueOf(id))
		return "", nil
	case "header":
		values := x.Request().Header.PeekAll(f.name)
		return f.one(values, request), nil
	default:
		return f.one(x.Context().QueryArgs().PeekMulti(f.name), request), nil
	}
}

// noSuch answers a path id that is no UUID exactly as an id that does not exist,
// by what stands before it in the route's path.
func noSuch(path string) error {
	before, _, _ := strings.Cut(path, "/:id")
	switch before[strings.LastIndexByte(before, '/')+1:] {
	case "keys", "tokens":
		return keys.ErrNotFound
	case "users":
		return accounts.ErrUserNotFound
	case "plans":
		return accounts.ErrPlanNotFound
	}
	return errNoSuchID
}

var errNoSuchID = fault.New(fault.NotFound, "This id does not exist.")

// one takes the only value of a parameter. A repeated one is refused: which of
// the two was meant is not ours to guess.
func (f *field) one(values [][]byte, request reflect.Value) (problem string) {
	switch len(values) {
	case 0:
		return f.absent(request)
	case 1:
		return f.assign(request, string(values[0]))
	}
	return "must be given only once"
}

// body reads the fields of a JSON object. Unknown fields are ignored; null means
// absent unless the field says otherwise.
func (s *shape) body(body gjson.Result, given bool, request reflect.Value, wrong *problems) {
	var seen, filled uint64
	if given {
		body.ForEach(func(key, value gjson.Result) bool {
			i := s.fieldNamed(key.Str)
			if i < 0 {
				return true
			}
			f, bit := s.fields[i], uint64(1)<<i
			if seen&bit != 0 {
				wrong.add(f.name, "must be given only once")
				return true
			}
			seen |= bit
			if value.Type == gjson.Null && !f.nullable {
				return true
			}
			filled |= bit
			if problem := f.fromJSON(request, value); problem != "" {
				wrong.add(f.name, problem)
			}
			return true
		})
	}
	for i, f := range s.fields {
		if filled&(1<<i) != 0 {
			continue
		}
		if problem := f.absent(request); problem != "" && (*wrong)[f.name] == "" {
			wrong.add(f.name, problem)
		}
	}
}

func (s *shape) fieldNamed(name string) int {
	for i, f := range s.fields {
		if f.name == name {
			return i
		}
	}
	return -1
}

// absent fills in the default.
func (f *field) absent(request reflect.Value) (problem string) {
	switch {
	case f.required:
		return "is required"
	case f.hasDef && !f.zeroDef:
		return f.assign(request, f.fallback)
	}
	return ""
}

// fromJSON takes a value of the JSON type that the field has.
func (f *field) fromJSON(request reflect.Value, value gjson.Result) (problem string) {
	switch {
	case f.nullable && value.Type == gjson.Null:
		request.FieldByIndex(f.index).Field(0).SetBool(true)
		return ""
	case value.Type == gjson.String && f.format != formatSecret && accounts.BrokenEscape(value.Raw):
		return f.expectation()
	case f.kind == textsKind && value.IsArray():
		return f.texts(request, value)
	case value.Type == gjson.String && f.quoted():
		return f.assign(request, value.Str)
	case value.Type == gjson.Number && (f.kind == wholeKind || f.kind == moneyKind),
		value.Type == gjson.True && f.kind == boolKind, value.Type == gjson.False && f.kind == boolKind,
		value.IsObject() && f.kind == objectKind:
		return f.assign(request, value.Raw)
	}
	return f.expectation()
}

// texts takes a list of texts. One that is given twice is refused, as a field is.
func (f *field) texts(request reflect.Value, value gjson.Result) (problem string) {
	list, valid := []string{}, true
	value.ForEach(func(_, item gjson.Result) bool {
		text := strings.TrimSpace(item.Str)
		valid = item.Type == gjson.String && !accounts.BrokenEscape(item.Raw) && int64(len(list)) < f.items && f.textFits(text) && !slices.Contains(list, text)
		list = append(list, text)
		return valid
	})
	if !valid {
		return f.expectation()
	}
	request.FieldByIndex(f.index).Set(reflect.ValueOf(list))
	return ""
}

// textFits tells whether one text of a list is what the field allows.
func (f *field) textFits(text string) bool {
	if f.enum != nil {
		return slices.Contains(f.enum, text)
	}
	return accounts.CheckText(text, 1, int(f.most)) == ""
}

// quoted tells whether the field is a string in JSON.
func (f *field) quoted() bool {
	switch f.kind {
	case wholeKind, boolKind, moneyKind, objectKind, textsKind:
		return false
	default:
		return true
	}
}

// assign parses a text as the field's type and stores it.
func (f *field) assign(request reflect.Value, text string) (problem string) {
	dst := request.FieldByIndex(f.index)
	if f.nullable {
		dst.Field(0).SetBool(true)
		dst = dst.Field(1)
	}
	if f.pointer {
		dst.Set(reflect.New(f.typ))
		dst = dst.Elem()
	}
	if !f.parse(dst, text) {
		return f.expectation()
	}
	return ""
}
