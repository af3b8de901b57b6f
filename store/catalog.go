package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/catalog"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// CreateModel offers a model. A name or alias that another model has is a conflict.
func (s *Store) CreateModel(ctx context.Context, by accounts.Actor, c catalog.ModelChange) (m catalog.Model, err error) {
	if m, err = c.Apply(catalog.Model{OutputAllowance: catalog.DefaultAllowance, Overrun: catalog.OverrunFinish, HostedTools: []string{}}); err != nil {
		return m, err
	}
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		m.ID, m.CreatedAt = s.ids.mint(tx.at), tx.at
		models, err := tx.modelsBeside(&m, c)
		if err != nil {
			return err
		}
		if len(models) >= catalog.MaxModels {
			return catalog.ErrTooManyModels
		}
		row := modelRowOf(m)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := tx.putCandidates(&m, c.Candidates); err != nil {
			return err
		}
		fields, err := tx.modelFields(m)
		if err != nil {
			return err
		}
		return tx.recordChange(entry{action: "model.created", subject: accounts.SubjectModel, id: m.ID, target: m.Name,
			details: fmt.Sprintf("Created model %s.", m.Name), after: fields})
	})
	return m, err
}

// changingCatalog runs work in a transaction for which no other changes models or prices.
func (s *Store) changingCatalog(ctx context.Context, by accounts.Actor, work func(tx *change) error) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := s.dialect.takeTurn(tx.DB, "codexible catalog"); err != nil {
			return err
		}
		tx.at = s.now() // the turn may have taken a while, and prices follow each other by their moments
		return work(tx)
	})
}

// modelsBeside reads all models but m, with whose names those of m may not clash, and
// gives m the ids of the plans that the change names.
func (c *change) modelsBeside(m *catalog.Model, change catalog.ModelChange) ([]catalog.Model, error) {
	models, err := readModels(c.Where("id <> ?", m.ID))
	if err != nil {
		return nil, err
	}
	if err := m.Clash(models); err != nil || change.Plans == nil {
		return models, err
	}
	m.Plans, err = plansByName(c.DB, *change.Plans)
	return models, err
}

// plansByName finds plans by their names without case, also archived ones; nil for nil.
func plansByName(db *gorm.DB, names []string) ([]uuid.UUID, error) {
	if names == nil {
		return nil, nil
	}
	folded := make([]string, len(names))
	for i, name := range names {
		folded[i] = accounts.Fold(name)
	}
	var rows []planRow
	if err := db.Where("name_folded IN ?", folded).Find(&rows).Error; err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, 0, len(names))
	for i, name := range folded {
		at := slices.IndexFunc(rows, func(r planRow) bool { return r.NameFolded == name })
		if at < 0 {
			return nil, fieldError("plans", fmt.Sprintf("must be names of plans; there is no plan %q", names[i]))
		}
		if !slices.Contains(ids, rows[at].ID) {
			ids = append(ids, rows[at].ID)
		}
	}
	return ids, nil
}

// ChangeModel changes a model. Under another name it keeps its price: that in force,
// and those that follow it, are set for the name.
func (s *Store) ChangeModel(ctx context.Context, by accounts.Actor, id uuid.UUID, c catalog.ModelChange) (after catalog.Model, err error) {
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		before, err := tx.model(id)
		if err != nil {
			return err
		}
		if after, err = c.Apply(before); err != nil {
			return err
		}
		if _, err := tx.modelsBeside(&after, c); err != nil {
			return err
		}
		err = tx.Model(&modelRow{}).Where("id = ?", id).Select("*").Omit("id", "created_at").UpdateColumns(modelRowOf(after)).Error
		if err != nil {
			return err
		}
		if err := tx.putCandidates(&after, c.Candidates); err != nil {
			return err
		}
		if after.Name != before.Name {
			if err := tx.carryPrices(before.Name, after.Name); err != nil {
				return err
			}
		}
		was, err := tx.modelFields(before)
		if err != nil {
			return err
		}
		is, err := tx.modelFields(after)
		if err != nil {
			return err
		}
		was, is = changedFields(was, is)
		return tx.recordChange(entry{action: "model.changed", subject: accounts.SubjectModel, id: id, target: after.Name,
			details: "Changed model " + before.Name + ": " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

func (c *change) carryPrices(from, to string) error {
	book, err := readBook(c.DB)
	if err != nil {
		return err
	}
	for _, p := range book.Carried(from, to, c.at) {
		if err := c.setPrice(&p); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) model(id uuid.UUID) (catalog.Model, error) {
	var row modelRow
	if err := c.Where("id = ?", id).Take(&row).Error; err != nil {
		return catalog.Model{}, missing(err, catalog.ErrModelNotFound)
	}
	models := []catalog.Model{row.model()}
	err := readCandidates(c.DB, models)
	return models[0], err
}

// putCandidates replaces the candidates of a model, where the change has any.
func (c *change) putCandidates(m *catalog.Model, list *[]catalog.NewCandidate) error {
	if list == nil {
		return nil
	}
	names, err := upstreamNames(c.DB)
	if err != nil {
		return err
	}
	ids := map[string]uuid.UUID{}
	for id, name := range names {
		ids[accounts.Fold(name)] = id
	}
	m.Candidates = make([]catalog.Candidate, len(*list))
	rows := make([]modelCandidateRow, len(*list))
	for i, n := range *list {
		id, found := ids[accounts.Fold(n.Upstream)]
		if !found {
			return fieldError("candidates", fmt.Sprintf("must name upstreams; there is no upstream %q", n.Upstream))
		}
		one := n.Candidate(id)
		m.Candidates[i] = one
		rows[i] = modelCandidateRow{ModelID: m.ID, UpstreamID: id, Model: one.Model, Position: int64(i), Weight: one.Weight, Priority: one.Priority}
	}
	if err := catalog.CheckCandidates(m.Candidates); err != nil {
		return err
	}
	if err := c.Where("model_id = ?", m.ID).Delete(&modelCandidateRow{}).Error; err != nil || len(rows) == 0 {
		return err
	}
	return c.Create(&rows).Error
}

// DeleteModel stops offering a model; its prices and charges stay.
func (s *Store) DeleteModel(ctx context.Context, by accounts.Actor, id uuid.UUID) error {
	return s.changingCatalog(ctx, by, func(tx *change) error {
		m, err := tx.model(id)
		if err != nil {
			return err
		}
		fields, err := tx.modelFields(m)
		if err != nil {
			return err
		}
		if err := tx.Where("model_id = ?", id).Delete(&modelCandidateRow{}).Error; err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&modelRow{}).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "model.deleted", subject: accounts.SubjectModel, id: id, target: m.Name,
			details: fmt.Sprintf("Deleted model %s. Its prices and charges stay.", m.Name), before: fields})
	})
}

func modelRowOf(m catalog.Model) modelRow {
	row := modelRow{
		ID: m.ID, Name: m.Name, Aliases: strings.Join(m.Aliases, " "), DisplayName: m.DisplayName, Description: m.Description,
		OutputAllowance: m.OutputAllowance, Overrun: string(m.Overrun), HostedTools: strings.Join(m.HostedTools, " "), CreatedAt: m.CreatedAt,
	}
	if m.ContextWindow > 0 {
		row.ContextWindow = &m.ContextWindow
	}
	if m.Plans != nil {
		var ids []string
		for _, id := range m.Plans {
			ids = append(ids, id.String())
		}
		row.Plans = new(strings.Join(ids, " "))
	}
	return row
}

// modelFields are the fields of a model as the audit log has them.
func (c *change) modelFields(m catalog.Model) (map[string]any, error) {
	plans := "all"
	if m.Plans != nil {
		var names []string
		if err := c.Model(&planRow{}).Where("id IN ?", m.Plans).Order("position, id").Pluck("name", &names).Error; err != nil {
			return nil, err
		}
		plans = strings.Join(names, ", ")
	}
	candidates, err := c.candidateTexts(m.Candidates)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{
		"name": m.Name, "aliases": strings.Join(m.Aliases, " "), "display_name": m.DisplayName, "description": m.Description,
		"context_window": nil, "output_allowance": m.OutputAllowance, "plans": plans,
		"overrun": string(m.Overrun), "hosted_tools": strings.Join(m.HostedTools, " "), "candidates": strings.Join(candidates, ", "),
	}
	if m.ContextWindow > 0 {
		fields["context_window"] = m.ContextWindow
	}
	return fields, nil
}

func (c *change) candidateTexts(list []catalog.Candidate) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	names, err := upstreamNames(c.DB)
	texts := make([]string, len(list))
	for i, one := range list {
		if texts[i] = names[one.UpstreamID]; one.Model != "" {
			texts[i] += " as " + one.Model
		}
		texts[i] += fmt.Sprintf(" (weight %d, priority %d)", one.Weight, one.Priority)
	}
	return texts, err
}
