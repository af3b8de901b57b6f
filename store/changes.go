package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"codexible/fault"

	"github.com/google/uuid"
)

func fieldError(name, problem string) error { return fault.Field(name, problem) }

// lock holds a row until the transaction ends, so that what is read of it is
// what is changed. A row that does not exist is no error: the read says so.
func (c *change) lock(table string, id uuid.UUID) error {
	return c.store.dialect.lock(c.DB, table, id)
}

// changedFields keeps the fields that differ.
func changedFields(before, after map[string]any) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, value := range after {
		if before[name] != value {
			was[name], is[name] = before[name], value
		}
	}
	return was, is
}

// listChanges says what changed, field by field: "plan from Pro to Business".
func listChanges(was, is map[string]any) string {
	if len(is) == 0 {
		return "nothing differs"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if name == fieldMetadata || name == fieldNote { // long, and in before and after
			parts = append(parts, name)
			continue
		}
		parts = append(parts, fmt.Sprintf("%s from %s to %s", strings.ReplaceAll(name, "_", " "), display(name, was[name]), display(name, is[name])))
	}
	return strings.Join(parts, ", ")
}

// metadataField is metadata as the audit log writes it.
func metadataField(text json.RawMessage) string { return orObject(text) }

func display(field string, value any) string {
	switch {
	case field == fieldModels && value == nil:
		return "all"
	case value == nil || value == "":
		return "nothing"
	}
	return fmt.Sprint(value)
}
