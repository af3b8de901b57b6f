package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// declared reads schema.hcl, which is written for Postgres.
func declared(hcl []byte) (*schema.Realm, error) {
	parser := hclparse.NewParser()
	if _, problems := parser.ParseHCL(hcl, "schema.hcl"); problems.HasErrors() {
		return nil, fmt.Errorf("store: schema.hcl cannot be read: %w", problems)
	}
	var realm schema.Realm
	if err := postgres.EvalHCL.Eval(parser, &realm, nil); err != nil {
		return nil, fmt.Errorf("store: schema.hcl cannot be evaluated: %w", err)
	}
	return &realm, nil
}

// forSQLite turns a declared schema into SQLite's. What it does not know is an
// error, so a new type or attribute in schema.hcl cannot be lost on the way.
func forSQLite(realm *schema.Realm) error {
	for _, s := range realm.Schemas {
		s.Name = "main"
		for _, t := range s.Tables {
			if err := tableForSQLite(t); err != nil {
				return fmt.Errorf("store: table %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

func tableForSQLite(t *schema.Table) error {
	for _, attr := range t.Attrs {
		if _, known := attr.(*schema.Check); !known {
			return fmt.Errorf("SQLite has no counterpart of %T", attr)
		}
	}
	rowID := false
	for _, c := range t.Columns {
		var identity bool
		var err error
		if c.Type.Type, err = typeForSQLite(c.Type.Type); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		if c.Attrs, identity, err = attrsForSQLite(c.Attrs); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		rowID = rowID || identity
	}
	// The totals are read by their whole primary key: one tree, not a table and an index.
	if !rowID {
		t.Attrs = append(t.Attrs, &sqlite.WithoutRowID{})
	}
	t.Indexes = slices.DeleteFunc(t.Indexes, isTrigram)
	for _, index := range t.Indexes {
		attrs := index.Attrs[:0]
		for _, attr := range index.Attrs {
			switch a := attr.(type) {
			case *postgres.IndexPredicate:
				attrs = append(attrs, &sqlite.IndexPredicate{P: a.P})
			case *postgres.IndexType:
			default:
				return fmt.Errorf("index %s: SQLite has no %T", index.Name, attr)
			}
		}
		index.Attrs = attrs
	}
	return nil
}

// isTrigram reports whether an index is for searches by part; on SQLite full-text tables
// stand in their place (see search.go).
func isTrigram(index *schema.Index) bool {
	return slices.ContainsFunc(index.Attrs, func(attr schema.Attr) bool {
		t, ok := attr.(*postgres.IndexType)
		return ok && t.T == "GIN"
	})
}

func typeForSQLite(t schema.Type) (schema.Type, error) {
	switch t := t.(type) {
	case *schema.UUIDType:
		return &schema.UUIDType{T: "uuid"}, nil
	case *schema.IntegerType:
		return &schema.IntegerType{T: "integer"}, nil
	case *schema.StringType:
		return &schema.StringType{T: "text"}, nil
	case *schema.BoolType:
		return &schema.BoolType{T: "boolean"}, nil
	case *schema.BinaryType:
		return &schema.BinaryType{T: "blob"}, nil
	case *schema.TimeType:
		if t.T == "date" {
			return &schema.TimeType{T: "date"}, nil
		}
		return &schema.TimeType{T: "datetime"}, nil
	default:
		return nil, fmt.Errorf("SQLite has no counterpart of %T", t)
	}
}

func attrsForSQLite(attrs []schema.Attr) (kept []schema.Attr, identity bool, err error) {
	for _, attr := range attrs {
		if _, identity = attr.(*postgres.Identity); !identity {
			return nil, false, fmt.Errorf("SQLite has no counterpart of %T", attr)
		}
		kept = append(kept, &sqlite.AutoIncrement{})
	}
	return kept, identity, nil
}

// planner gives Atlas's driver for a database of this dialect.
func planner(dialect string, db *sql.DB) (migrate.Driver, error) {
	if dialect == dialectSQLite {
		return sqlite.Open(db)
	}
	return postgres.Open(db)
}

// wanted is the declared schema in the terms of a dialect.
func wanted(dialect string, hcl []byte) (*schema.Realm, error) {
	realm, err := declared(hcl)
	if err == nil && dialect == dialectSQLite {
		err = forSQLite(realm)
	}
	return realm, err
}

// Drift compares the live schema with schema.hcl and says in a sentence each
// what differs. Tables that schema.hcl does not know are left alone.
func (m *Migrator) Drift(ctx context.Context) ([]string, error) {
	realm, err := wanted(m.dialect, m.files.Schema)
	if err != nil {
		return nil, err
	}
	drv, err := planner(m.dialect, m.db)
	if err != nil {
		return nil, err
	}
	want := realm.Schemas[0]
	var names []string
	for _, t := range want.Tables {
		names = append(names, t.Name)
	}
	live, err := drv.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectTables, Tables: names})
	if err != nil {
		return nil, fmt.Errorf("store: the live schema cannot be read: %w", err)
	}
	want.Name = live.Name
	changes, err := drv.SchemaDiff(live, want)
	if err != nil {
		return nil, fmt.Errorf("store: the live schema cannot be compared: %w", err)
	}
	lost, err := m.lostSearches(ctx)
	return slices.Concat(describe(changes), changedChecks(live, want), lost), err
}

// lostSearches names the full-text tables of SQLite that are not there:
// schema.hcl cannot describe them, and every change writes into one.
func (m *Migrator) lostSearches(ctx context.Context) (sentences []string, err error) {
	if m.dialect != dialectSQLite {
		return nil, nil
	}
	for _, table := range []string{"users_search", "api_keys_search", "audit_log_search"} {
		var found int
		if err := m.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ? AND sql LIKE '%fts5%'", table).Scan(&found); err != nil {
			return nil, fmt.Errorf("store: the live schema cannot be read: %w", err)
		}
		if found == 0 {
			sentences = append(sentences, "table "+table+" is missing")
		}
	}
	return sentences, nil
}

func describe(changes []schema.Change) (sentences []string) {
	for _, change := range changes {
		switch c := change.(type) {
		case *schema.AddTable:
			sentences = append(sentences, "table "+c.T.Name+" is missing")
		case *schema.ModifyTable:
			for _, inner := range c.Changes {
				if samePredicate(inner) {
					continue
				}
				sentences = append(sentences, "table "+c.T.Name+": "+describeOne(inner))
			}
		default:
			sentences = append(sentences, fmt.Sprintf("%T", change))
		}
	}
	return sentences
}

// samePredicate reports whether an index differs in the writing of its condition
// alone: Postgres gives it back in its own.
func samePredicate(change schema.Change) bool {
	c, modified := change.(*schema.ModifyIndex)
	if !modified || c.Change != schema.ChangeAttr {
		return false
	}
	from, to := predicate(c.From), predicate(c.To)
	return from != "" && plain(from) == plain(to)
}

func predicate(index *schema.Index) string {
	for _, attr := range index.Attrs {
		if p, is := attr.(*postgres.IndexPredicate); is {
			return p.P
		}
	}
	return ""
}

func describeOne(change schema.Change) string {
	switch c := change.(type) {
	case *schema.AddColumn:
		return "column " + c.C.Name + " is missing"
	case *schema.DropColumn:
		return "column " + c.C.Name + " is unknown"
	case *schema.ModifyColumn:
		return "column " + c.To.Name + " differs"
	case *schema.AddIndex:
		return "index " + c.I.Name + " is missing"
	case *schema.DropIndex:
		return "index " + c.I.Name + " is unknown"
	case *schema.ModifyIndex:
		return "index " + c.To.Name + " differs"
	case *schema.AddForeignKey:
		return "foreign key " + c.F.Symbol + " is missing"
	case *schema.DropForeignKey:
		return "foreign key " + c.F.Symbol + " is unknown"
	case *schema.ModifyForeignKey:
		return "foreign key " + c.To.Symbol + " differs"
	case *schema.AddCheck:
		return "check " + c.C.Name + " is missing"
	case *schema.DropCheck:
		return "check " + c.C.Name + " is unknown"
	case *schema.ModifyCheck:
		return "check " + c.To.Name + " differs"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", change), "*schema.")
}

// changedChecks compares what the checks say: Atlas goes by their names alone
// where no dev database has normalised the declared ones.
func changedChecks(live, want *schema.Schema) (sentences []string) {
	for _, t := range want.Tables {
		have, found := live.Table(t.Name)
		if !found {
			continue
		}
		is := checks(have)
		for name, expr := range checks(t) {
			if _, found := is[name]; found && plain(is[name]) != plain(expr) {
				sentences = append(sentences, "table "+t.Name+": check "+name+" differs")
			}
		}
	}
	slices.Sort(sentences)
	return sentences
}

func checks(t *schema.Table) map[string]string {
	exprs := map[string]string{}
	for _, attr := range t.Attrs {
		if c, ok := attr.(*schema.Check); ok {
			exprs[c.Name] = c.Expr
		}
	}
	return exprs
}

// plain takes away what Postgres adds to an expression when it gives it back:
// parentheses, casts of texts, and IN written as = ANY.
func plain(expr string) string { return asWritten.Replace(noCasts.Replace(expr)) }

var (
	noCasts   = strings.NewReplacer("::text", "", "(", "", ")", "", " ", "", "\n", "")
	asWritten = strings.NewReplacer("=ANYARRAY[", "IN", "]", "")
)
