package store

import (
	"context"
	"strings"

	"codexible/catalog"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Book reads all models and prices.
func (s *Store) Book(ctx context.Context) (b *catalog.Book, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		b, err = readBook(db)
		return err
	})
	return b, err
}

func readBook(db *gorm.DB) (*catalog.Book, error) {
	models, err := readModels(db)
	if err != nil {
		return nil, err
	}
	if err := readCandidates(db, models); err != nil {
		return nil, err
	}
	var rows []priceRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, err
	}
	prices := make([]catalog.Price, len(rows))
	for i := range rows {
		if prices[i], err = rows[i].price(); err != nil {
			return nil, err
		}
	}
	return catalog.NewBook(models, prices), nil
}

// readModels reads the models that conditions of db select, without their candidates.
func readModels(db *gorm.DB) ([]catalog.Model, error) {
	var rows []modelRow
	err := db.Find(&rows).Error
	models := make([]catalog.Model, len(rows))
	for i := range rows {
		models[i] = rows[i].model()
	}
	return models, err
}

// readCandidates gives models their candidates.
func readCandidates(db *gorm.DB, models []catalog.Model) error {
	var rows []modelCandidateRow
	if len(models) == 1 {
		db = db.Where("model_id = ?", models[0].ID)
	}
	if err := db.Order("model_id, position").Find(&rows).Error; err != nil {
		return err
	}
	of := map[uuid.UUID][]catalog.Candidate{}
	for _, r := range rows {
		of[r.ModelID] = append(of[r.ModelID], catalog.Candidate{UpstreamID: r.UpstreamID, Model: r.Model, Weight: r.Weight, Priority: r.Priority})
	}
	for i := range models {
		models[i].Candidates = of[models[i].ID]
	}
	return nil
}

func (r *modelRow) model() catalog.Model {
	m := catalog.Model{
		ID: r.ID, Name: r.Name, Aliases: strings.Fields(r.Aliases), DisplayName: r.DisplayName, Description: r.Description,
		OutputAllowance: r.OutputAllowance, Overrun: catalog.Overrun(r.Overrun), HostedTools: strings.Fields(r.HostedTools), CreatedAt: r.CreatedAt.UTC(),
	}
	if r.ContextWindow != nil {
		m.ContextWindow = *r.ContextWindow
	}
	if r.Plans != nil {
		m.Plans = []uuid.UUID{}
		for text := range strings.FieldsSeq(*r.Plans) {
			if id, err := uuid.Parse(text); err == nil {
				m.Plans = append(m.Plans, id)
			}
		}
	}
	return m
}

func (r *priceRow) price() (catalog.Price, error) {
	terms, err := catalog.ParseTerms(r.Terms)
	return catalog.Price{
		ID: r.ID, Model: r.Model, ValidFrom: r.ValidFrom.UTC(), Terms: terms, Source: r.Source, CreatedAt: r.CreatedAt.UTC(), CreatedBy: r.CreatedBy,
	}, err
}

// allowanceOf reads the models that a plan or key may use; nil for all.
func allowanceOf(stored *string) catalog.Allowance {
	if stored == nil {
		return nil
	}
	return append(catalog.Allowance{}, strings.Fields(*stored)...)
}

func storedAllowance(a catalog.Allowance) *string {
	if a == nil {
		return nil
	}
	return new(a.String())
}
