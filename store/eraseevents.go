package store

import (
	"encoding/json"

	"github.com/google/uuid"
)

// eraseEvents leaves of the events of a user which kind they were and of what, and of their
// deliveries what a receiver answered is removed. What waits to be delivered is delivered so.
func (c *change) eraseEvents(user uuid.UUID, email, name string) error {
	var rows []eventRow
	if err := c.Where("user_id = ?", user).Find(&rows).Error; err != nil {
		return err
	}
	for i := range rows {
		var data map[string]any
		if err := json.Unmarshal([]byte(rows[i].Data), &data); err != nil {
			data = nil
		}
		eraseFields(data)
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if data == nil {
			text = []byte("{}")
		}
		clean := replaceWhole(replaceWhole(string(text), email, ""), name, "")
		if err := c.Model(&eventRow{}).Where("id = ?", rows[i].ID).UpdateColumn("data", clean).Error; err != nil {
			return err
		}
	}
	return c.Model(&deliveryRow{}).Where("user_id = ?", user).UpdateColumns(map[string]any{"answer": "", "tries": "[]"}).Error
}

// eraseFields removes what names a person, however deep.
func eraseFields(data map[string]any) {
	for field, value := range data {
		switch field {
		case "email", "user_email", "name", "external_id", "metadata", "label", "note":
			delete(data, field)
			continue
		}
		if inner, is := value.(map[string]any); is {
			eraseFields(inner)
		}
	}
}
