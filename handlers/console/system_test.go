package console

import (
	"context"
	"fmt"
	"testing"
	"time"

	"codexible/store/storetest"
	"codexible/views"
)

func TestTheSystemPageSaysWhetherMailsWaitOrFail(t *testing.T) {
	clock, url := storetest.NewClock(storetest.Start), storetest.SQLiteURL(t)
	c := New(Parts{Store: storetest.Open(t, url, clock.Now), Now: clock.Now, MailServer: "smtp://mail.example.com:587"})
	facts := func() map[string]views.Fact {
		t.Helper()
		list, err := c.mailFacts(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]views.Fact{}
		for _, f := range list {
			found[f.Name] = f
		}
		return found
	}
	deliver := func(id, status string, ended any) {
		t.Helper()
		at := clock.Now().UnixMilli()
		event := fmt.Sprintf("X'%012x7000800000000000%s'", at, id)
		storetest.Exec(t, url, fmt.Sprintf("INSERT INTO events (id, at, type, data) VALUES (%s, %d, 'backup.failed', '{}')", event, at*1000),
			fmt.Sprintf("INSERT INTO deliveries (webhook_id, event_id, status, due_at, ended_at) VALUES (X'00000000000000000000000000000000', %s, '%s', %d, %v)", event, status, at*1000, ended))
	}
	if f := facts(); f["Waiting"].Value != "0 events" || f["Failed"].Value != "0 events" || f["Failed"].Tone != "" || f["Password links"].Value != "Off" {
		t.Errorf("without mails: %+v", f)
	}
	deliver("0001", "pending", "NULL")
	if f := facts(); f["Waiting"].Value != "1 event" || f["Waiting"].Tone != "" {
		t.Errorf("a mail that has just happened: %+v", f)
	}
	clock.Add(mailLate + time.Minute)
	deliver("0002", "failed", clock.Now().UnixMicro())
	if f := facts(); f["Waiting"].Tone != views.ToneWarn || f["Failed"].Value != "1 event" || f["Failed"].Tone != views.ToneBad {
		t.Errorf("a mail that waits and one that failed: %+v", f)
	}
	c.MailServer = ""
	if f := facts(); len(f) != 1 || f["Mail server"].Value != "Not configured" {
		t.Errorf("without a server: %+v", f)
	}
}
