package store

import (
	"context"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/catalog"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// SetPrice sets a price of a model. It follows the one in force, and none is changed.
func (s *Store) SetPrice(ctx context.Context, by accounts.Actor, n catalog.NewPrice) (p catalog.Price, err error) {
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		if p, err = n.At(tx.at); err != nil {
			return err
		}
		if p.Model, err = tx.publicName(p.Model); err != nil {
			return err
		}
		return tx.setPrice(&p)
	})
	return p, err
}

// publicName is the name of the model that has this alias, or the name itself.
func (c *change) publicName(name string) (string, error) {
	models, err := readModels(c.DB)
	return catalog.NewBook(models, nil).Name(name), err
}

// setPrice writes a price, with its id and who set it.
func (c *change) setPrice(p *catalog.Price) error {
	p.ID, p.CreatedBy = c.store.ids.mint(c.at), c.by.Name
	if err := c.insertPrices([]catalog.Price{*p}); err != nil {
		return err
	}
	return c.recordChange(entry{action: "price.set", subject: accounts.SubjectPrice, id: p.ID, target: p.Model,
		details: fmt.Sprintf("Set the price of %s from %s.", p.Model, p.ValidFrom.Format("2006-01-02 15:04:05 UTC")),
		after:   map[string]any{"valid_from": p.ValidFrom.Format(time.RFC3339Nano), "source": p.Source, "terms": string(p.Terms.AppendText(nil))}})
}

// insertPrices writes prices while there is room for them.
func (c *change) insertPrices(prices []catalog.Price) error {
	var kept int64
	if err := c.Model(&priceRow{}).Count(&kept).Error; err != nil {
		return err
	}
	if kept+int64(len(prices)) > catalog.MaxPrices {
		return catalog.ErrTooManyPrices
	}
	rows := make([]priceRow, len(prices))
	for i := range prices {
		p := &prices[i]
		rows[i] = priceRow{
			ID: p.ID, Model: p.Model, ValidFrom: p.ValidFrom, Terms: string(p.Terms.AppendText(nil)), Source: p.Source, CreatedAt: p.CreatedAt, CreatedBy: p.CreatedBy,
		}
	}
	return c.CreateInBatches(rows, importRows).Error
}

// ImportPrices takes over a list of prices, all or none. What it would change is
// Book.Preview; a list that changes nothing leaves no trace.
func (s *Store) ImportPrices(ctx context.Context, by accounts.Actor, i catalog.Import) (done catalog.Preview, err error) {
	if err := i.Check(); err != nil {
		return done, err
	}
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		book, err := readBook(tx.DB)
		if err != nil {
			return err
		}
		done = book.Preview(i, tx.at)
		prices := done.Set(s.ids.mint, by.Name)
		if len(prices) == 0 {
			return nil
		}
		if err := tx.insertPrices(prices); err != nil {
			return err
		}
		added, changed := done.Count(catalog.ActionNew), done.Count(catalog.ActionChanged)
		return tx.recordChange(entry{action: "prices.imported", subject: accounts.SubjectPrice, id: s.ids.mint(tx.at), target: i.Source,
			details: fmt.Sprintf("Imported prices from %s: %d new, %d changed, %d unchanged, %d not read.", i.Source, added, changed, done.Count(catalog.ActionUnchanged), len(done.Unread)),
			after:   map[string]any{"source": i.Source, "new": added, "changed": changed}})
	})
	return done, err
}

// Prices lists prices, the last that was set first. model is a name and no alias, or
// empty for all; after is the last of the page before.
func (s *Store) Prices(ctx context.Context, model string, after uuid.UUID, limit int) (prices []catalog.Price, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		if model != "" {
			db = db.Where("model = ?", model)
		}
		if after != uuid.Nil {
			db = db.Where("id < ?", after)
		}
		var rows []priceRow
		if err := db.Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			p, err := rows[i].price()
			if err != nil {
				return err
			}
			prices = append(prices, p)
		}
		return nil
	})
	return prices, err
}
