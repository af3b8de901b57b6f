package store

import (
	"context"
	"errors"
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
		if err := c.read(db, "c.id = ?", id); err != nil {
			return err
		}
		c.Hold, err = holdOfCharge(db, &c.Record)
		return err
	})
	return c, err
}

// read reads a charge, with its price.
func (c *ChargeLine) read(db *gorm.DB, where string, args ...any) error {
	lines, err := listOn(db, chargeLineDest, chargeLines+" WHERE "+where, args...)
	if err != nil || len(lines) == 0 {
		return orMissing(err, usage.ErrNoCharge)
	}
	*c = lines[0]
	c.Millionths += c.Credits * usage.Millionths
	c.CreatedAt = c.CreatedAt.UTC()
	if c.Priced != nil {
		c.Price, err = readPrice(db, c.Priced.PriceID)
	}
	return err
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

// ChargesOfCall lists what a call of the gateway charged a user, the newest first: nothing
// before the call has ended, one charge, or one and its adjustments. It reads along the
// primary key: by the call's hold, and where that is not kept any more in the hours after
// the request arrived.
func (s *Store) ChargesOfCall(ctx context.Context, userID, request uuid.UUID) (records []usage.Record, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var hold *usage.Hold
		err := visitRows(db, func(row scanner) error {
			var err error
			hold, err = scanHold(row)
			return err
		}, fmt.Sprintf(selectHolds, "= ?"), request)
		visit := func(r *usage.Record) { records = append(records, *r) }
		switch {
		case err != nil:
			return err
		case hold == nil:
			arrived := timeOf(request)
			return eachRecord(db, visit, "c.id > ? AND c.id < ? AND c.user_id = ? AND c.request_id = ? ORDER BY c.id DESC",
				firstID(arrived.Add(-idSlack)), firstID(arrived.Add(holdSearch)), userID, request)
		case hold.UserID != userID || hold.OwnerID != uuid.Nil || hold.End.ChargeID == uuid.Nil:
			return nil
		}
		err = eachRecord(db, visit, "c.adjusts_id IS NOT NULL AND c.adjusts_id = ? AND c.day IN (?, ?) AND c.user_id = ? ORDER BY c.id DESC",
			hold.End.ChargeID, string(hold.End.Day), string(usage.DayOf(hold.End.At)), userID)
		return errors.Join(err, eachRecord(db, visit, "c.id = ? AND c.user_id = ?", hold.End.ChargeID, userID))
	})
	for i := range records {
		records[i].CreatedAt = records[i].CreatedAt.UTC()
	}
	return records, err
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
