package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// UserLine is a user as lists show them.
type UserLine struct {
	accounts.User
	PlanName string
	// KeyCount counts active keys.
	KeyCount int64
	// CreditsUsedToday is over all the user's keys.
	CreditsUsedToday int64
	// Place is the value that a sorted list is sorted by; empty where ids alone order it.
	Place string
}

// Page bounds a list. After is the id of the last row of the page before, and Place the value
// that it was sorted by; Offset is an alternative to them.
type Page struct {
	Limit, Offset int
	After         uuid.UUID
	Place         string
}

// UserQuery narrows the list of users. Zero values leave a condition out.
type UserQuery struct {
	// Text is a part of e-mail, name or external id, without case; the beginning where it is shorter than three characters.
	Text   string
	PlanID uuid.UUID
	Role   accounts.Role
	Status accounts.Status
	// ExternalID is the operator's own id, exactly.
	ExternalID string
	// Order applies without a Text, and ByEmail, ByRole and ByStatus where the list is Sortable.
	// Other lists have the newest first.
	Order Order
	Page
}

func (q UserQuery) narrow(f *search) {
	if q.PlanID != uuid.Nil {
		f.and("u.plan_id = ?", q.PlanID)
	}
	if q.Role != "" {
		f.and("u.role = ?", q.Role)
	}
	if q.Status != "" {
		f.and("u.status = ?", q.Status)
	}
	if q.ExternalID != "" {
		f.whole("u.external_id = ?", q.ExternalID)
	}
}

// sort orders the users that the filters find.
func (s *Store) sortUsers(db *gorm.DB, q UserQuery, f *search) error {
	by, tie := "", "u.id"
	column, down := q.Order.split()
	switch {
	case q.Text != "" || q.Order == "":
		f.page(searchedUsers, q.Page)
		return nil
	case column == ByEmail:
		by, tie = "u.email_folded", ""
	case column == ByRole && q.Role == "":
		by = "u.role"
	case column == ByStatus && q.Status == "":
		by = "u.status"
	default:
		f.sortByID(searchedUsers, down, q.Page)
		return nil
	}
	if len(f.where) > 0 {
		few, err := f.few(db)
		if err != nil {
			return err
		}
		if !few {
			f.page(searchedUsers, q.Page)
			return nil
		}
		f.inMemory("u.id, u.email_folded, u.role, u.status")
	}
	f.sort(by, tie, down, q.Page)
	return nil
}

// Users lists users.
func (s *Store) Users(ctx context.Context, q UserQuery) (users []UserLine, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) (err error) {
		found := s.search(searchedUsers, q.Text)
		q.narrow(&found)
		if err := s.sortUsers(db, q, &found); err != nil {
			return err
		}
		users, err = s.userLines(db, found, q.Page)
		return err
	})
	return users, err
}

// page begins after a row; the id alone orders the rows.
func (f *search) page(t searched, p Page) {
	if p.After != uuid.Nil {
		f.and(t.alias+"."+t.id+" < ?", p.After)
	}
}

// userLines finds the page first and reads what belongs to its rows after. By
// hand: it counts in other tables, for the rows of the page alone.
func (s *Store) userLines(db *gorm.DB, f search, p Page) (users []UserLine, err error) {
	from, args := f.onPage(searchedUsers, " JOIN plans AS p ON p.id = u.plan_id", p)
	place := "''"
	if f.sorted {
		place = "page.place"
	}
	return listOn(db, (*UserLine).fields, `SELECT `+userColumns+`, p.name,
		(SELECT COUNT(*) FROM api_keys AS k WHERE k.user_id = u.id AND k.status = 'active'),
		COALESCE((SELECT `+wholeCredits+` FROM user_days AS d WHERE d.day = ? AND d.user_id = u.id), 0), `+place+from,
		append([]any{string(usage.DayOf(s.now()))}, args...)...)
}

// User reads one user with what lists show; accounts.ErrUserNotFound where it does not exist.
func (s *Store) User(ctx context.Context, id uuid.UUID) (u UserLine, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		u, err = s.userLine(db, id)
		return err
	})
	return u, err
}

// UserByExternalID finds a user by the operator's own id.
func (s *Store) UserByExternalID(ctx context.Context, external string) (u UserLine, err error) {
	users, err := s.Users(ctx, UserQuery{ExternalID: external, Page: Page{Limit: 1}})
	if err == nil && (external == "" || len(users) == 0) {
		err = accounts.ErrUserNotFound
	}
	if err != nil {
		return u, err
	}
	return users[0], nil
}

// UserByEmail finds a user by e-mail, without case.
func (s *Store) UserByEmail(ctx context.Context, email string) (u UserLine, err error) {
	if !storable(email) {
		return u, accounts.ErrUserNotFound
	}
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		u, err = s.userWithEmail(db, email)
		return err
	})
	return u, err
}

func (s *Store) userWithEmail(db *gorm.DB, email string) (u UserLine, err error) {
	forms := accounts.EmailForms(email)
	found := s.search(searchedUsers, "")
	found.and("u.email_folded IN ?", forms)
	users, err := s.userLines(db, found, Page{Limit: len(forms)})
	if err == nil && len(users) == 0 {
		return u, accounts.ErrUserNotFound
	}
	if err != nil {
		return u, err
	}
	return users[nearest(forms, len(users), func(i int) string { return users[i].Email })], nil
}

// nearest is which of the users found has the e-mail in the earliest form. There
// is more than one only where they were made while e-mails were kept as typed.
func nearest(forms []string, users int, email func(int) string) (at int) {
	best := len(forms)
	for i := range users {
		if place := slices.Index(forms, accounts.Fold(email(i))); place >= 0 && place < best {
			best, at = place, i
		}
	}
	return at
}

func (s *Store) userLine(db *gorm.DB, id uuid.UUID) (u UserLine, err error) {
	found := s.search(searchedUsers, "")
	found.and("u.id = ?", id)
	users, err := s.userLines(db, found, Page{Limit: 1})
	if err == nil && len(users) == 0 {
		return u, accounts.ErrUserNotFound
	}
	if err != nil {
		return u, err
	}
	return users[0], nil
}

// CreateUser makes a user. ErrEmailTaken where the e-mail exists; a fault of
// kind Invalid names every wrong field.
func (s *Store) CreateUser(ctx context.Context, by accounts.Actor, n accounts.NewUser) (u UserLine, err error) {
	if n, err = n.Normalize(); err != nil {
		return u, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if n.PasswordHash != "" {
			if err := s.dialect.takeTurn(tx.DB, setupTurn); err != nil {
				return err
			}
		}
		plan, err := planByName(tx.DB, n.Plan)
		if err != nil {
			return err
		}
		u = UserLine{PlanName: plan.Name, User: accounts.User{
			ID: s.ids.mint(tx.at), Email: n.Email, Name: n.Name, PlanID: plan.ID, Role: n.Role, Status: accounts.StatusActive, CreatedAt: tx.at,
			ExternalID: n.ExternalID, Metadata: n.Metadata, Note: n.Note,
		}}
		if err := tx.insertUser(u.User, n.PasswordHash); err != nil {
			return err
		}
		if err := tx.endSetup(u.ID); err != nil {
			return err
		}
		return tx.recordChange(entry{action: "user.created", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
			details: fmt.Sprintf("Created user %s on plan %s with role %s.", u.Email, plan.Name, u.Role), after: userFields(u)})
	})
	return u, err
}

func (c *change) insertUser(u accounts.User, passwordHash string) error {
	// The index joins e-mails of one form; those that were kept as they were typed have others.
	if forms := accounts.EmailForms(u.Email); len(forms) > 1 {
		var n int64
		if err := c.Model(&userRow{}).Where("email_folded IN ?", forms).Count(&n).Error; err != nil || n > 0 {
			return cmp.Or(err, error(accounts.ErrEmailTaken))
		}
	}
	if err := c.externalFree(u.ExternalID, u.ID); err != nil {
		return err
	}
	row := userRowOf(u, passwordHash)
	if err := taken(c.Create(&row).Error, accounts.ErrEmailTaken); err != nil {
		return err
	}
	return c.store.dialect.index(c.DB, searchedUsers, rowID(u.ID), u.ID, row.Search)
}

func userRowOf(u accounts.User, passwordHash string) userRow {
	return userRow{
		ID: u.ID, Email: u.Email, EmailFolded: accounts.FoldEmail(u.Email), Name: u.Name, PlanID: u.PlanID, Role: u.Role,
		Status: u.Status, PasswordHash: passwordHash, CreatedAt: u.CreatedAt, Search: userSearch(u),
		ExternalID: orNone(u.ExternalID), Metadata: orObject(u.Metadata), Note: u.Note,
	}
}

// userSearch is what a search finds a user by.
func userSearch(u accounts.User) string {
	if u.ExternalID == "" {
		return searchText(u.Email, u.Name)
	}
	return searchText(u.Email, u.Name, u.ExternalID)
}

// externalFree is ErrExternalTaken where another user has the external id.
func (c *change) externalFree(external string, id uuid.UUID) error {
	if external == "" {
		return nil
	}
	// Of two who take one at once, the second finds that of the first.
	if err := c.store.dialect.takeTurn(c.DB, "codexible external id"); err != nil {
		return err
	}
	var n int64
	err := c.Model(&userRow{}).Where("external_id = ? AND id <> ?", external, id).Count(&n).Error
	if err == nil && n > 0 {
		err = accounts.ErrExternalTaken
	}
	return err
}

// orObject is a JSON object as it is stored.
func orObject(text json.RawMessage) string {
	if len(text) == 0 {
		return "{}"
	}
	return string(text)
}

// userByID reads the row of a user; accounts.ErrUserNotFound where it does not exist.
func userByID(db *gorm.DB, id uuid.UUID) (u userRow, err error) {
	err = db.Take(&u, "id = ?", id).Error
	return u, missing(err, accounts.ErrUserNotFound)
}

// ChangeUser changes a user's name, e-mail, plan, status or role, or what else is known
// of the user, for all the user's keys at once. ErrErased where the user was erased. A change of role or status ends the user's console sessions and
// known browsers with the same commit.
func (s *Store) ChangeUser(ctx context.Context, by accounts.Actor, id uuid.UUID, c accounts.UserChange) (after UserLine, err error) {
	return s.changeUser(ctx, by, id, c, nil)
}

// changeUser changes a user, unless keep has a reason to leave the user as it is.
func (s *Store) changeUser(ctx context.Context, by accounts.Actor, id uuid.UUID, c accounts.UserChange, keep func(*change, UserLine) error) (after UserLine, err error) {
	if c, err = c.Normalize(); err != nil {
		return after, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if c.Role != nil || c.Status != nil {
			if err := s.dialect.takeTurn(tx.DB, setupTurn); err != nil {
				return err
			}
		}
		if err := tx.lock("users", id); err != nil {
			return err
		}
		before, err := s.userLine(tx.DB, id)
		if err != nil {
			return err
		}
		if before.ErasedAt != nil {
			return accounts.ErrErased
		}
		if keep != nil {
			if err := keep(tx, before); err != nil {
				return err
			}
		}
		if after, err = tx.applied(before, c); err != nil {
			return err
		}
		return tx.saveUser(before, after)
	})
	return after, err
}

func (c *change) applied(u UserLine, input accounts.UserChange) (UserLine, error) {
	if input.Name != nil {
		u.Name = *input.Name
	}
	if input.Email != nil {
		u.Email = *input.Email
	}
	if input.ExternalID != nil {
		u.ExternalID = *input.ExternalID
	}
	if input.Metadata != nil {
		u.Metadata = input.Metadata
	}
	if input.Note != nil {
		u.Note = *input.Note
	}
	if input.Status != nil {
		u.Status = *input.Status
	}
	if input.Role != nil {
		u.Role = *input.Role
	}
	if input.Plan != nil && accounts.Fold(*input.Plan) != accounts.Fold(u.PlanName) {
		plan, err := planByName(c.DB, *input.Plan)
		if err != nil {
			return u, err
		}
		u.PlanID, u.PlanName = plan.ID, plan.Name
	}
	return u, nil
}

func (c *change) saveUser(before, after UserLine) error {
	if err := c.namesFree(before, after); err != nil {
		return err
	}
	row := userRowOf(after.User, "")
	err := c.Model(&userRow{}).Where("id = ?", after.ID).UpdateColumns(map[string]any{
		"email": row.Email, "email_folded": row.EmailFolded, "name": row.Name, "plan_id": row.PlanID, "role": row.Role, "status": row.Status, "search": row.Search,
		"external_id": row.ExternalID, "metadata": row.Metadata, "note": row.Note,
	}).Error
	if err := taken(err, accounts.ErrEmailTaken); err != nil {
		return err
	}
	if userSearch(before.User) != row.Search {
		if err := c.store.dialect.index(c.DB, searchedUsers, rowID(after.ID), after.ID, row.Search); err != nil {
			return err
		}
	}
	if before.Role != after.Role || before.Status != after.Status {
		if err := errors.Join(c.endSignIns(after.ID), c.endSetup(after.ID)); err != nil {
			return err
		}
	}
	if before.Role != after.Role || before.Status != after.Status || before.Email != after.Email {
		if err := c.endCustomerSignIns(after.ID, before.Email); err != nil {
			return err
		}
	}
	if before.Email != after.Email {
		if err := c.endResetLinks(after.ID); err != nil {
			return err
		}
	}
	was, is := changedFields(userFields(before), userFields(after))
	return c.recordChange(entry{action: userAction(before, after), subject: accounts.SubjectUser, id: after.ID, target: after.Email,
		details: "Changed user " + after.Email + ": " + listChanges(was, is) + ".", before: was, after: is})
}

// namesFree is the refusal where another user has the changed e-mail or external id.
func (c *change) namesFree(before, after UserLine) error {
	if before.Email != after.Email {
		var n int64
		err := c.Model(&userRow{}).Where("email_folded IN ? AND id <> ?", accounts.EmailForms(after.Email), after.ID).Count(&n).Error
		if err != nil || n > 0 {
			return cmp.Or(err, error(accounts.ErrEmailTaken))
		}
	}
	if before.ExternalID == after.ExternalID {
		return nil
	}
	return c.externalFree(after.ExternalID, after.ID)
}

func userAction(before, after UserLine) string {
	switch {
	case before.Status == after.Status:
		return "user.changed"
	case after.Status == accounts.StatusSuspended:
		return "user.suspended"
	}
	return "user.reactivated"
}

func userFields(u UserLine) map[string]any {
	return map[string]any{
		"name": u.Name, "plan": u.PlanName, "role": string(u.Role), "status": string(u.Status),
		"email": u.Email, "external_id": u.ExternalID, fieldMetadata: metadataField(u.Metadata), fieldNote: u.Note,
	}
}

// Credentials is what a console sign-in is checked against.
type Credentials struct {
	UserID       uuid.UUID
	Email        string
	Role         accounts.Role
	Status       accounts.Status
	PasswordHash string
}

// CredentialsByEmail finds what a sign-in is checked against; ErrUserNotFound where the user does not exist.
func (s *Store) CredentialsByEmail(ctx context.Context, email string) (c Credentials, err error) {
	if !storable(email) {
		return c, accounts.ErrUserNotFound
	}
	forms := accounts.EmailForms(email)
	var found []userRow
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Where("email_folded IN ?", forms).Limit(len(forms)).Find(&found).Error
	})
	if err == nil && len(found) == 0 {
		err = accounts.ErrUserNotFound
	}
	if err != nil {
		return c, err
	}
	u := &found[nearest(forms, len(found), func(i int) string { return found[i].Email })]
	return Credentials{UserID: u.ID, Email: u.Email, Role: u.Role, Status: u.Status, PasswordHash: u.PasswordHash}, nil
}

// SetPassword gives a user a console password, ends the user's sessions and known
// browsers, and unlocks the codes of the user's app.
func (s *Store) SetPassword(ctx context.Context, by accounts.Actor, id uuid.UUID, hash string) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := s.dialect.takeTurn(tx.DB, setupTurn); err != nil {
			return err
		}
		if err := tx.lock("users", id); err != nil {
			return err
		}
		u, err := userByID(tx.DB, id)
		if err != nil {
			return err
		}
		if u.ErasedAt != nil {
			return accounts.ErrErased
		}
		if err := tx.Model(&userRow{}).Where("id = ?", id).UpdateColumn("password_hash", hash).Error; err != nil {
			return err
		}
		if err := errors.Join(tx.endSignIns(id), tx.endSetup(id), tx.unlockTwoStep(id, u.Email, "the password was set")); err != nil {
			return err
		}
		return tx.recordChange(entry{action: "user.password_set", subject: accounts.SubjectUser, id: id, target: u.Email,
			details: "Set the console password of " + u.Email + " and ended their console sessions."})
	})
}
