package handlers_test

import "testing"

func TestSettingsAreReadAndChanged(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const path, look = "/api/admin/settings", `"name":"Codexible","accent":null,"support_email":null,"support_url":null,"links":[],"logo":null}`
		s.call(t, asRoot("GET", path, "", 200, `{"usage_thresholds":[50,80,100],`+look))
		s.call(t, asRoot("PATCH", path, `{"usage_thresholds":[90,5,90]}`, 200, `{"usage_thresholds":[5,90],`+look))
		s.call(t, asRoot("PATCH", path, `{}`, 200, `{"usage_thresholds":[5,90],`+look))
		s.wrongFields(t, "PATCH", path, map[string]string{
			`{"usage_thresholds":[0]}`: "usage_thresholds", `{"usage_thresholds":[101]}`: "usage_thresholds", `{"usage_thresholds":[1.5]}`: "usage_thresholds",
			`{"usage_thresholds":["5"]}`: "usage_thresholds", `{"usage_thresholds":5}`: "usage_thresholds", `{"usage_thresholds":[null]}`: "usage_thresholds",
			`{"usage_thresholds":[1,2,3,4,5,6,7,8,9,10,11]}`: "usage_thresholds",
		})
		s.call(t, asRoot("PATCH", path, `{"usage_thresholds":[]}`, 200, `{"usage_thresholds":[],`+look))
		s.call(t, asRoot("GET", path, "", 200, `{"usage_thresholds":[],`+look))
		s.call(t, asRoot("PATCH", path, `[]`, 400, ""))
	})
}
