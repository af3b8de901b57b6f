package accounts_test

import (
	"testing"

	"codexible/accounts"

	"github.com/google/uuid"
)

func TestAChangeReadsBackAsWritten(t *testing.T) {
	id := uuid.MustParse("0195a2b3-c4d5-7e6f-8899-aabbccddeeff")
	for _, subject := range []accounts.Subject{accounts.SubjectUser, accounts.SubjectKey, accounts.SubjectPlan, accounts.SubjectModel, accounts.SubjectPrice, accounts.SubjectUpstream, accounts.SubjectRequest, accounts.SubjectSession} {
		c := accounts.Change{Subject: subject, ID: id}
		if got, ok := accounts.ParseChange(c.String()); !ok || got != c {
			t.Errorf("%s reads back as %v, %v", c, got, ok)
		}
	}
	for _, text := range []string{"", ":", "key", "key:", "key " + id.String(), "weather:" + id.String(), "system:" + id.String(), "key:{" + id.String() + "}", "key:" + id.String() + " "} {
		if c, ok := accounts.ParseChange(text); ok {
			t.Errorf("%q is read as %v", text, c)
		}
	}
}
