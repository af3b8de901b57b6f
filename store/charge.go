package store

import (
	"context"
	"fmt"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ChargeLine is a charge with what explains it.
type ChargeLine struct {
	usage.Record

	Email string
	// Prefix and Label are those of the key.
	Prefix, Label string
	// Hold is the hold that the charge ended, or of an adjustment the one whose charge it corrects; nil for none.
	Hold *usage.Hold
	// Price made the cost and the amount; nil for a charge by hand.
	Price *catalog.Price
}

// chargeLines are charges with their owners, as chargeLineDest reads them.
const chargeLines = "SELECT " + chargeColumns + ", u.email, k.prefix, k.label FROM usage AS c JOIN users AS u ON u.id = c.user_id JOIN api_keys AS k ON k.id = c.key_id"

func chargeLineDest(c *ChargeLine) []any {
	return append(chargeDest(&c.Record), &c.Email, &c.Prefix, &c.Label)
}

// holdSearch is how long before a charge its hold is looked for. A hold lives for
// usage.MaxHoldTTL, or longer where it is extended.
const holdSearch = 3 * usage.MaxHoldTTL

// ChargeByID reads a charge or an adjustment; usage.ErrNoCharge where there is none.
func (s *Store) ChargeByID(ctx context.Context, id uuid.UUID) (c ChargeLine, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		lines, err := listOn(db, chargeLineDest, chargeLines+" WHERE c.id = ?", id)
		if err != nil || len(lines) == 0 {
			return orMissing(err, usage.ErrNoCharge)
		}
		c = lines[0]
		c.Millionths += c.Credits * usage.Millionths
		c.CreatedAt = c.CreatedAt.UTC()
		if c.Hold, err = holdOfCharge(db, &c.Record); err != nil || c.Priced == nil {
			return err
		}
		c.Price, err = readPrice(db, c.Priced.PriceID)
		return err
	})
	return c, err
}

// holdOfCharge reads the hold that a charge ended, along the primary key: it was made
// before the charge.
func holdOfCharge(db *gorm.DB, c *usage.Record) (hold *usage.Hold, err error) {
	read := func(row scanner) error {
		hold, err = scanHold(row)
		return err
	}
	if c.Call != nil {
		err = visitRows(db, read, fmt.Sprintf(selectHolds, "= ?"), c.Call.RequestID)
		return hold, err
	}
	charge := c.ID
	if c.AdjustsID != uuid.Nil {
		charge = c.AdjustsID
	}
	err = visitRows(db, read, "SELECT "+holdColumns+" FROM holds AS h WHERE h.id > ? AND h.id < ? AND h.user_id = ? AND h.charge_id = ?",
		firstID(timeOf(charge).Add(-holdSearch-idSlack)), charge, c.UserID, charge)
	return hold, err
}

// readPrice reads a price; nil for none.
func readPrice(db *gorm.DB, id uuid.UUID) (*catalog.Price, error) {
	var rows []priceRow
	if err := db.Where("id = ?", id).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	p, err := rows[0].price()
	return &p, err
}
