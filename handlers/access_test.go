package handlers_test

import "testing"

func TestEveryPathThatTakesAKeyRefusesInvalidKeys(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		for pattern, item := range published().model.Paths.PathItems.FromOldest() {
			for method, op := range item.GetOperations().FromOldest() {
				if len(op.Security) == 0 {
					continue
				}
				for as, status := range map[string]int{"": 401, "ada.revoked": 401, "ada.expired": 401, "sam": 403} {
					s.call(t, call{as: as, method: upper(method), path: concrete(pattern), body: `{"label":"x"}`, status: status, lacks: []string{"@example.com", "Laptop"}})
				}
				if op.Tags[0] == "Administration" || op.Tags[0] == "Verification" {
					s.call(t, call{as: "ada", method: upper(method), path: concrete(pattern), status: 403, lacks: []string{"@example.com", "Laptop"}})
				}
			}
		}
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200, lacks: []string{`"x"`}})
	})
}
