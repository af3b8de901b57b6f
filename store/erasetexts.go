package store

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"codexible/accounts"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// erasedDetails are the details of an entry about a user who was erased, or a key of one.
const erasedDetails = "The details were removed when the user was erased."

// keptFields are those of before and after that name nobody.
var keptFields = []string{
	"plan", "role", fieldStatus, fieldScopes, fieldModels, fieldExpiry, "daily_credit_limit", "rate_limit_per_minute", "concurrency_limit",
	"credits", "credits_used", "grant", "correction", "hold", "key", "keys_revoked",
}

// auditPage is how many entries a rewriting reads at once.
const auditPage = 500

// eachAudit visits the entries of a condition, the newest first. The visit may change them.
func (c *change) eachAudit(narrow func(*gorm.DB) *gorm.DB, visit func(*auditRow) error) error {
	for before := int64(0); ; {
		var rows []auditRow
		db := narrow(c.Session(&gorm.Session{}).Table("audit_log AS a").Select("a.*"))
		if before > 0 {
			db = db.Where("a.seq < ?", before)
		}
		if err := db.Order("a.seq DESC").Limit(auditPage).Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			if err := visit(&rows[i]); err != nil {
				return err
			}
		}
		if len(rows) < auditPage {
			return nil
		}
		before = rows[len(rows)-1].Seq
	}
}

// rewriteAudit takes the person out of the audit log, which is appended to otherwise: of the
// entries about the user and the user's keys all but what names nobody, of others the names.
func (c *change) rewriteAudit(p *person) (rewritten int64, err error) {
	count := func(of func(*auditRow)) func(*auditRow) error {
		return func(row *auditRow) error {
			was := *row
			of(row)
			if *row == was {
				return nil
			}
			rewritten++
			return c.rewriteEntry(row)
		}
	}
	own := func(db *gorm.DB) *gorm.DB {
		return db.Where("a.subject_id = ? OR a.subject_id IN (SELECT k.id FROM api_keys AS k WHERE k.user_id = ?)", p.id, p.id)
	}
	if err := c.eachAudit(own, count(p.clear)); err != nil {
		return rewritten, err
	}
	for _, name := range slices.Concat(p.emails, p.fullNames()) {
		naming := func(db *gorm.DB) *gorm.DB {
			found := c.store.search(searchedAudit, name)
			return db.Table(found.from).Where(strings.Join(found.where, " AND "), found.args...)
		}
		if err := c.eachAudit(naming, count(p.replace)); err != nil {
			return rewritten, err
		}
	}
	return rewritten, nil
}

func (c *change) rewriteEntry(row *auditRow) error {
	row.Search = searchText(row.Actor, row.Action, row.Target, row.Details)
	if row.KeyID != nil {
		row.Search += searchText(row.KeyPrefix)
	}
	err := c.Model(&auditRow{}).Where("seq = ?", row.Seq).Select("actor", "address", "target", "details", "before", "after", "search").UpdateColumns(row).Error
	if err != nil {
		return err
	}
	return c.store.dialect.index(c.DB, searchedAudit, row.Seq, uuid.Nil, row.Search)
}

// clear removes of an entry about the user, or a key of the user, what names somebody.
func (p *person) clear(row *auditRow) {
	p.replace(row)
	row.Details, row.Before, row.After = erasedDetails, keptOf(row.Before), keptOf(row.After)
	if row.Subject == accounts.SubjectUser {
		row.Target = p.erased
	}
}

func keptOf(object string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(object), &fields) != nil {
		return "{}"
	}
	for name := range fields {
		if !slices.Contains(keptFields, name) {
			delete(fields, name)
		}
	}
	text, _ := json.Marshal(fields) //nolint:errchkjson // it was read from JSON
	return string(text)
}

// replace writes the erased e-mail in place of the person's names, and removes the address
// from which the person acted, or asked for a link to sign in.
func (p *person) replace(row *auditRow) {
	is := func(name string) bool {
		return slices.ContainsFunc(p.emails, func(email string) bool { return strings.EqualFold(email, name) })
	}
	if is(row.Actor) || row.Action == linkRequested && is(row.Target) {
		row.Address = ""
	}
	for _, text := range []*string{&row.Actor, &row.Target, &row.Details, &row.Before, &row.After} {
		for _, name := range slices.Concat(p.emails, p.fullNames()) {
			*text = replaceWhole(*text, name, p.erased)
		}
	}
}

// fullNames are the names that are replaced wherever they stand: those of several words.
// One word, such as Ada, is a part of other people's names too; it is removed
// with the entries about the user.
func (p *person) fullNames() (names []string) {
	for _, name := range p.names {
		if strings.Contains(name, " ") {
			names = append(names, name)
		}
	}
	return names
}

// replaceWhole replaces a name, without case, where it is no part of a longer word or address.
func replaceWhole(text, name, instead string) string {
	folded, part := accounts.Fold(text), accounts.Fold(name)
	if len(folded) != len(text) || !strings.Contains(folded, part) || part == "" {
		return strings.ReplaceAll(text, name, instead) // folding moved the bytes: as it was written
	}
	var b strings.Builder
	at := 0
	for {
		i := strings.Index(folded[at:], part)
		if i < 0 {
			break
		}
		from, to := at+i, at+i+len(part)
		before, _ := utf8.DecodeLastRuneInString(text[:from])
		after, _ := utf8.DecodeRuneInString(text[to:])
		b.WriteString(text[at:from])
		if from > 0 && inWord(before) || to < len(text) && inWord(after) && !endsSentence(text[to:]) {
			b.WriteString(text[from:to])
		} else {
			b.WriteString(instead)
		}
		at = to
	}
	b.WriteString(text[at:])
	return b.String()
}

// inWord reports whether a character carries a word or an e-mail on.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@._%+-", r)
}

// endsSentence reports whether a text begins with a full stop that carries no address on.
func endsSentence(text string) bool {
	next, size := utf8.DecodeRuneInString(text[1:])
	return text[0] == '.' && (size == 0 || !inWord(next))
}
