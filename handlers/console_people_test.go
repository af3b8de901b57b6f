package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"codexible/accounts"
)

func TestAWholeKeyThatIsPastedIsFoundByItsPrefixAndLeavesNoTrace(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		secret := s.words["ada.key"]
		v.get("/admin/keys?q="+url.QueryEscape(secret)).redirected("/admin/keys/$ada.id/revoke?leaked=yes").
			sees(http.StatusOK, "Also revoke all keys that were created with it", `value="true" checked`)
		v.lacks(secret)
		v.get("/admin/keys?q="+url.QueryEscape(" "+s.words["ada.revoked.key"]+" ")).redirected("/admin/keys?done=key-pasted&q="+url.QueryEscape(s.words["ada.revoked.prefix"])).
			sees(http.StatusOK, "Do not paste whole keys", "$ada.revoked.prefix")
		v.lacks(s.words["ada.revoked.key"])
		nobody := mint()
		v.get("/admin/keys?q="+nobody.Reveal()).redirected("/admin/keys?done=key-pasted&q="+url.QueryEscape(nobody.Prefix())).sees(http.StatusOK, "No keys match")
		other := []byte(secret) // the prefix of a key and other characters after it: the key was cut or changed, and the prefix is found
		for i := len(s.words["ada.prefix"]); i < len(other); i++ {
			other[i] = '0'
		}
		v.get("/admin/keys?q=" + string(other)).redirected("/admin/keys/$ada.id/revoke?leaked=yes")
		w := s.viewer(t)
		w.get("/admin/keys?q="+secret).redirected("/admin/keys?done=key-pasted&q="+url.QueryEscape(s.words["ada.prefix"])).sees(http.StatusOK, "Do not paste whole keys", "$ada.prefix")
		w.lacks(secret, "/revoke")
		for _, leak := range []string{secret, s.words["ada.revoked.key"], nobody.Reveal(), string(other)} {
			if strings.Contains(logged.String(), leak) {
				t.Errorf("a pasted key that begins with %.14s is in the log", leak)
			}
		}
		s.call(t, call{says: "the search changed nothing", as: "ada", method: "GET", path: "/api/keys", status: 200})
		v.get("/admin/keys?q="+secret).get(v.location).submit("/admin/keys/$ada.id/revoke", "with_created", "true").redirected("/admin/keys/$ada.id?done=key-revoked")
		s.call(t, call{says: "the published key is refused", as: "ada", method: "GET", path: "/api/keys", status: 401})
	})
}

func TestFormsOfPeopleAndKeysKeepWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const create, edit = "/admin/users/new", "/admin/users/$ada.user/edit"
		typed := []string{"email", "eve@example.com", "plan", "Pro", "role", "user", "external_id", "crm/<b>", "metadata", `{"team": <i>`, "note", "Pays\n<late>"}
		keeps := []string{`value="crm/<b>"`, `>{"team": <i></textarea>`, "Pays\n<late></textarea>"}
		v.get(create).submit(create, typed...).sees(http.StatusUnprocessableEntity, append(keeps, "Must be a JSON object")...)
		v.get(edit).submit(edit, append(typed, "email", "ada@example.com")...).sees(http.StatusUnprocessableEntity, append(keeps, "Must be a JSON object")...)
		v.get(create).submit(create, "email", "eve@example.com", "plan", "Pro", "role", "user", "external_id", "crm/9", "metadata", `{"team": "search"}`, "note", "Pays late")
		eve, err := s.store.UserByEmail(context.Background(), "eve@example.com")
		if err != nil {
			t.Fatal(err)
		}
		s.words["eve.user"] = eve.ID.String()
		v.redirected("/admin/users/$eve.user?done=user-created").sees(http.StatusOK, "crm/9", `{"team": "search"}`, "Pays late")
		v.get(edit).submit(edit, "email", "EVE@example.com", "role", "user", "external_id", "crm/10", "metadata", "", "note", "x").
			sees(http.StatusUnprocessableEntity, "e-mail address already exists", `value="crm/10"`, `value="EVE@example.com"`)
		v.get(edit).submit(edit, "external_id", "crm/9", "email", "ada@example.com", "role", "user").sees(http.StatusUnprocessableEntity, "external id already exists", `value="crm/9"`)
		v.get(edit).submit(edit, "email", "ada@example.com", "role", "user", "note", strings.Repeat("x", accounts.MaxNoteLength+1), "metadata", `{"a":"`+strings.Repeat("x", accounts.MaxMetadataBytes)+`"}`).
			sees(http.StatusUnprocessableEntity, strings.Repeat("x", accounts.MaxNoteLength+1)+"</textarea>", `xx"}</textarea>`)
		v.get(edit).submit(edit, "name", "Ada", "email", "ada@example.com", "role", "user", "external_id", " crm/11 ", "metadata", `{"a": {"b": 1}}`, "note", "").redirected("/admin/users/$ada.user?done=user-changed")
		if u, err := s.store.User(context.Background(), s.id(t, "ada.user")); err != nil || u.ExternalID != "crm/11" || string(u.Metadata) != `{"a": {"b": 1}}` || u.Note != "" {
			t.Errorf("%+v, %v", u, err)
		}
		v.get(edit).sees(http.StatusOK, `value="crm/11"`, `{"a": {"b": 1}}</textarea>`)

		const newKey, editKey = "/admin/keys/new?user=$ada.user", "/admin/keys/$ada.id/edit"
		v.get(newKey).submit("/admin/keys/new", "email", "ada@example.com", "label", "<b>", "metadata", "[<i>]").sees(http.StatusUnprocessableEntity, `value="<b>"`, "[<i>]</textarea>", "Must be a JSON object")
		v.get(editKey).submit(editKey, "label", "Laptop <2>", "scopes", "models", "metadata", "nothing<").sees(http.StatusUnprocessableEntity, `value="Laptop <2>"`, "nothing<</textarea>", "Must be a JSON object")
		v.submit(editKey, "label", "Laptop", "scopes", "models", "metadata", `{"os": "plan9"}`).redirected("/admin/keys/$ada.id?done=key-changed").sees(http.StatusOK, `{"os": "plan9"}`)
		v.get(editKey).sees(http.StatusOK, `{"os": "plan9"}</textarea>`)
	})
}

func TestAPersonIsErasedInTheConsoleByTheirEMail(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const page, erase = "/admin/users/$ada.user", "/admin/users/$ada.user/erase"
		v.get(page).sees(http.StatusOK, `href="/admin/users/$ada.user/erase"`)
		v.get(erase).sees(http.StatusOK, "What will happen", "The books keep their figures", "Backups that exist still contain the person", "GET /api/admin/users/$ada.user/export", `name="confirm"`)
		for _, wrong := range []string{"", "bob@example.com", "ada"} {
			v.get(erase).submit(erase, "confirm", wrong).sees(http.StatusUnprocessableEntity, "Must be the e-mail address of the user", `name="confirm"`, `value="`+wrong+`"`)
		}
		s.call(t, call{says: "nothing was erased", as: "ada", method: "GET", path: "/api/keys", status: 200})
		v.get("/admin/users/$root.user/erase").sees(http.StatusUnprocessableEntity, "You cannot erase yourself")
		form := v.get(erase).hidden(erase)
		form.Set("confirm", "ADA@example.com")
		v.send(http.MethodPost, erase, form.Encode()).redirected(page+"?done=user-erased").sees(http.StatusOK, "User erased", "erased-$ada.user@erased.invalid", "Delete backups")
		v.lacks("ada@example.com", "Lovelace", "/erase", "/edit", "/grants/new", "/corrections/new", "/keys/new", "/reactivate")
		s.call(t, call{says: "the key is nobody's", as: "ada", method: "GET", path: "/api/keys", status: 401})
		v.send(http.MethodPost, erase, form.Encode()).sees(http.StatusConflict, "This user was erased")
		for _, path := range []string{erase, page + "/edit", page + "/plan", page + "/suspend", page + "/reactivate", page + "/grants/new", page + "/corrections/new"} {
			v.get(path).sees(http.StatusConflict, "This user was erased and can no longer be changed")
		}
		for _, path := range []string{"/admin/users?q=ada", "/admin/audit?q=lovelace", "/admin/audit?q=ada@example.com"} {
			v.get(path).sees(http.StatusOK).lacks("Lovelace", ">ada@")
		}
	})
}
