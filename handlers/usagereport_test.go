package handlers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

const (
	usagePath   = "/api/admin/usage"
	chargesPath = "/api/admin/usage/charges"
	// formula is a model's name, and a key's label, that a spreadsheet would calculate.
	formula = `=HYPERLINK("https://evil.example","x")`
)

// spend leaves charges by hand, priced ones and of the gateway, an adjustment, and corrections
// on the four days of spentDays.
func (s *service) spend(t *testing.T) {
	t.Helper()
	s.sell(t)
	s.key(t, "ada", formula, nil)
	vendor, at := s.vendor(t), s.clock.Now()
	post := func(at time.Time, entries ...usage.Entry) []usage.Receipt {
		t.Helper()
		receipts, err := s.store.Post(t.Context(), usage.At(at), entries)
		if err != nil {
			t.Fatal(err)
		}
		return receipts
	}
	for i := range 3 {
		at := at.Add(time.Duration(i) * 25 * time.Hour)
		priced := s.charge(t, "ada", "large", usage.Tokens{Input: 901, CacheRead: 3000, CacheWrite: 7, CacheWrite1h: 5, AudioInput: 3, Output: 420, AudioOutput: 2, Reasoning: 100, WebSearches: 1, ServiceTier: "flex"})
		priced.Call = &usage.Call{RequestID: uuid.New(), Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: vendor}
		hand := usage.Charge{UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada."+formula+".id"), Credits: 2, Model: formula, PromptTokens: 11, CompletionTokens: 7, CostMicros: 1234}
		bob := usage.Charge{UserID: s.id(t, "bob.user"), KeyID: s.id(t, "bob.id"), Credits: 3, Model: "codex-large"}
		post(at, usage.ChargeEntries(priced, hand, bob)...)
		hold := usage.Entry{Kind: usage.KindHold, Charge: usage.Charge{UserID: bob.UserID, KeyID: bob.KeyID, Credits: 1, Model: "codex-mini"}, TTL: usage.DefaultHoldTTL, OnExpiry: usage.ChargeOnExpiry}
		held := post(at, hold)[0].HoldID
		post(at, usage.Entry{Kind: usage.KindExtend, Charge: usage.Charge{UserID: bob.UserID, KeyID: bob.KeyID}, HoldID: held, TTL: usage.DefaultHoldTTL, Delivered: 900_001})
		post(at.Add(time.Hour), usage.Entry{Kind: usage.KindExpire, Charge: usage.Charge{UserID: bob.UserID, KeyID: bob.KeyID}})
		// The first is learnt to have used less on another day, the others to have used more than fits.
		late := at.Add(2*time.Hour + time.Duration((2-i)/2)*24*time.Hour)
		post(late, usage.Entry{Kind: usage.KindSettle, Charge: usage.Charge{UserID: bob.UserID, KeyID: bob.KeyID, Millionths: []int64{250_000, 99_000_001, 99_000_001}[i], Model: "codex-mini"}, HoldID: held})
	}
	s.clock.Add(80 * time.Hour)
	for day, credits := range map[string]int{"2026-03-05": -1, "2026-03-07": 4} {
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/users/$ada.user/corrections", body: fmt.Sprintf(`{"credits":%d,"reason":"test","day":%q}`, credits, day), status: 200})
	}
}

const spentDays = "from=2026-03-04&to=2026-03-07"

// row is a row of a report: every field as a text, null as an empty one, those of tokens among the others.
type row map[string]string

func flat(object map[string]any) row {
	r := row{}
	for name, value := range object {
		switch v := value.(type) {
		case nil:
			r[name] = ""
		case map[string]any:
			maps.Copy(r, flat(v))
		default:
			r[name] = fmt.Sprint(v)
		}
	}
	return r
}

// pages reads all pages of a report in JSON.
func (s *service) pages(t *testing.T, path string, query url.Values, limit int) (rows []row) {
	t.Helper()
	query = maps.Clone(query)
	query.Set("limit", fmt.Sprint(limit))
	for {
		a := s.call(t, call{as: "root", method: "GET", path: path + "?" + query.Encode(), status: 200})
		page, next := rowsOf(t, a.text)
		if rows = append(rows, page...); next == nil {
			return rows
		}
		if len(page) == 0 && path == usagePath || len(page) > limit {
			t.Fatalf("%s?%s has %d rows", path, query.Encode(), len(page))
		}
		query.Set("after", fmt.Sprint(next))
	}
}

// rowsOf are the rows of a report in JSON, with every digit.
func rowsOf(t *testing.T, text []byte) (rows []row, next any) {
	t.Helper()
	var page map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&page); err != nil {
		t.Fatal(err, string(text))
	}
	for _, name := range []string{"usage", "charges"} {
		list, _ := page[name].([]any)
		for _, item := range list {
			rows = append(rows, flat(item.(map[string]any)))
		}
	}
	return rows, page["next"]
}

// sheet reads a report in CSV; columns are its head.
func (s *service) sheet(t *testing.T, path string, query url.Values) (rows []row, columns []string) {
	t.Helper()
	a := s.call(t, call{as: "root", method: "GET", path: path + "?" + query.Encode(), header: http.Header{"Accept": {"text/csv"}}, status: 200})
	if kind := a.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename=codexible-") {
		t.Errorf("a file as %s, %s", kind, a.Header.Get("Content-Disposition"))
	}
	return rowsOfCSV(t, a.text)
}

func rowsOfCSV(t *testing.T, text []byte) (rows []row, columns []string) {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatal(err, string(text))
	}
	for _, line := range lines[1:] {
		r := row{}
		for i, cell := range line {
			if begins := strings.HasPrefix(cell, "'="); begins {
				cell = cell[1:]
			} else if strings.ContainsAny(cell[:min(1, len(cell))], "=+@") {
				t.Errorf("a cell is a formula: %s", cell)
			}
			r[lines[0][i]] = cell
		}
		rows = append(rows, r)
	}
	return rows, lines[0]
}

var reportFigures = []string{
	"requests", "credits", "corrected_credits", "uncollected", "cost_usd", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
	"audio_input_tokens", "output_tokens", "audio_output_tokens", "reasoning_tokens", "web_searches",
}

// reportTotal adds up every figure of a report exactly.
func reportTotal(t *testing.T, rows []row) row {
	t.Helper()
	total := row{}
	for _, figure := range reportFigures {
		sum := new(big.Rat)
		for _, r := range rows {
			n, ok := new(big.Rat).SetString(r[figure])
			if !ok {
				t.Fatalf("%s is %q", figure, r[figure])
			}
			sum.Add(sum, n)
		}
		total[figure] = sum.RatString()
	}
	return total
}

func query(t *testing.T, text string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// groupings are all values of group_by, in one order each.
func groupings() (list []string) {
	for set := 1; set < 1<<len(store.SumDimensions()); set++ {
		var by []string
		for i, d := range store.SumDimensions() {
			if set&(1<<i) != 0 {
				by = append(by, string(d))
			}
		}
		list = append(list, strings.Join(by, ","))
	}
	return list
}

func TestEveryGroupingOfUsageHasTheTotalsOfTheSingleChargesInJSONAndCSV(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spend(t)
		days := query(t, spentDays)
		charges := s.pages(t, chargesPath, days, 3)
		want := reportTotal(t, charges)
		if want["credits"] == "0" || want["corrected_credits"] != "3" || want["uncollected"] == "0" || want["cache_write_1h_tokens"] != "15" {
			t.Fatalf("the charges add up to %v", want)
		}
		types := map[string]int{}
		for _, c := range charges {
			types[c["type"]]++
		}
		if types["charge"] != 12 || types["adjustment"] != 3 || types["correction"] != 2 {
			t.Errorf("listed are %v", types)
		}
		if sheet, _ := s.sheet(t, chargesPath, days); !slices.EqualFunc(sheet, charges, maps.Equal[row]) {
			t.Errorf("the charges are in CSV\n%v, in JSON\n%v", sheet, charges)
		}
		for _, by := range groupings() {
			q := query(t, spentDays+"&group_by="+by)
			sums := s.pages(t, usagePath, q, 4)
			if got := reportTotal(t, sums); !maps.Equal(got, want) {
				t.Errorf("%s adds up to %v, the charges to %v", by, got, want)
			}
			sheet, columns := s.sheet(t, usagePath, q)
			for i, r := range sums {
				for name, value := range r {
					if !slices.Contains(columns, name) {
						if value != "" {
							t.Errorf("%s: %s is %s, and no column", by, name, value)
						}
						delete(r, name)
					}
				}
				if i >= len(sheet) || !maps.Equal(r, sheet[i]) {
					t.Fatalf("%s is in CSV\n%v, in JSON\n%v", by, sheet, sums)
				}
			}
			if len(sheet) != len(sums) {
				t.Errorf("%s has %d rows in CSV, %d in JSON", by, len(sheet), len(sums))
			}
		}
	})
}

func TestSumsOfUsageAreWhatCustomersSee(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spend(t)
		for _, who := range []string{"ada", "bob"} {
			var history []struct {
				Date     string `json:"date"`
				Credits  int64  `json:"credits_used"`
				Requests int64  `json:"request_count"`
			}
			if err := json.Unmarshal(s.call(t, call{as: who, method: "GET", path: "/api/usage/history?days=9", status: 200}).text, &history); err != nil {
				t.Fatal(err)
			}
			sums := map[string]row{}
			for _, r := range s.pages(t, usagePath, query(t, s.fill(spentDays+"&group_by=day&user_id=$"+who+".user")), 100) {
				sums[r["date"]] = r
			}
			seen := 0
			for _, day := range history {
				r := sums[day.Date]
				if r == nil {
					r = row{"credits": "0", "requests": "0"}
				} else {
					seen++
				}
				if fmt.Sprint(day.Credits) != r["credits"] || fmt.Sprint(day.Requests) != r["requests"] {
					t.Errorf("%s sees %+v of %s, the sum is %v", who, day, day.Date, r)
				}
			}
			if seen != len(sums) || seen < 3 {
				t.Errorf("%d of %d days were compared", seen, len(sums))
			}
		}
	})
}

func TestASumOfUsageAndASingleChargeSayWhatTheyAreOf(t *testing.T) {
	s := onSQLite(t)
	s.spend(t)
	s.words["vendor"] = s.vendor(t).String()
	const tokens = `"tokens":{"input_tokens":11,"cache_read_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"audio_input_tokens":0,"output_tokens":7,"audio_output_tokens":0,"reasoning_tokens":0,"web_searches":0}`
	key := strconv.Quote(formula) // a JSON string, too
	s.words["formula"] = s.words["ada."+formula+".id"]
	s.words["form"] = s.words["ada."+formula+".prefix"]
	s.run(t, []call{
		{says: "by everything", as: "root", method: "GET", path: usagePath + "?from=2026-03-04&to=2026-03-04&key_id=$formula&group_by=upstream,plan,model,key,user,hour,day", status: 200,
			want: `{"usage":[{"date":"2026-03-04","hour":12,"user_id":"$ada.user","email":"ada@example.com","key_id":"$formula","key_prefix":"$form","key_label":` + key + `,"model":` + key +
				`,"plan_id":"$plan.pro","plan":"Pro","upstream_id":null,"upstream":null,"requests":1,"credits":2,"corrected_credits":0,"uncollected":0,"cost_usd":0.001234,` + tokens + `}],"next":null}`},
		{says: "by an upstream", as: "root", method: "GET", path: usagePath + "?from=2026-03-04&to=2026-03-04&user_id=$ada.user&model=codex-large&group_by=upstream", status: 200,
			want: `{"usage":[{"date":null,"hour":null,"user_id":null,"email":null,"key_id":null,"key_prefix":null,"key_label":null,"model":null,"plan_id":null,"plan":null,"upstream_id":"$vendor","upstream":"Vendor",` +
				`"requests":1,"credits":"*","corrected_credits":0,"uncollected":0,"cost_usd":"*","tokens":"*"}],"next":null}`},
		{says: "a correction", as: "root", method: "GET", path: usagePath + "?from=2026-03-07&to=2026-03-07&user_id=$ada.user&group_by=key,hour", status: 200,
			want: `{"usage":[{"date":null,"hour":null,"user_id":null,"email":null,"key_id":null,"key_prefix":null,"key_label":null,"model":null,"plan_id":null,"plan":null,"upstream_id":null,"upstream":null,` +
				`"requests":0,"credits":4,"corrected_credits":4,"uncollected":0,"cost_usd":0,"tokens":{"input_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"audio_input_tokens":0,"output_tokens":0,"audio_output_tokens":0,"reasoning_tokens":0,"web_searches":0}}],"next":null}`},
		{says: "nothing", as: "root", method: "GET", path: usagePath + "?from=2020-01-01&to=2020-12-31&group_by=day", status: 200, want: `{"usage":[],"next":null}`},
		{says: "the last 30 days, of a plan, in any case", as: "root", method: "GET", path: usagePath + "?plan=PRO&group_by=plan", status: 200,
			want: `{"usage":[{"date":null,"hour":null,"user_id":null,"email":null,"key_id":null,"key_prefix":null,"key_label":null,"model":null,"plan_id":"$plan.pro","plan":"Pro","upstream_id":null,"upstream":null,` +
				`"requests":"*","credits":"*","corrected_credits":3,"uncollected":"*","cost_usd":"*","tokens":"*"}],"next":null}`},
		{says: "a charge by hand", as: "root", method: "GET", path: chargesPath + "?from=2026-03-04&to=2026-03-04&key_id=$formula", status: 200,
			want: `{"charges":[{"id":"*","type":"charge","created_at":"*","date":"2026-03-04","hour":12,"user_id":"$ada.user","email":"ada@example.com","key_id":"$formula","key_prefix":"$form","key_label":` + key + `,"model":` + key +
				`,"plan_id":"$plan.pro","plan":"Pro","upstream_id":null,"upstream":null,"adjusts_id":null,"price_id":null,"service_tier":null,"request_id":null,"outcome":null,"source":null,"exact_credits":2,` +
				`"requests":1,"credits":2,"corrected_credits":0,"uncollected":0,"cost_usd":0.001234,` + tokens + `}],"next":null}`},
		{says: "a call of the gateway", as: "root", method: "GET", path: chargesPath + "?from=2026-03-04&to=2026-03-04&user_id=$ada.user&model=codex-large", status: 200,
			want: `{"charges":[{"id":"*","type":"charge","created_at":"*","date":"2026-03-04","hour":12,"user_id":"$ada.user","email":"ada@example.com","key_id":"$ada.id","key_prefix":"$ada.prefix","key_label":"Laptop","model":"codex-large",` +
				`"plan_id":"$plan.pro","plan":"Pro","upstream_id":"$vendor","upstream":"Vendor","adjusts_id":null,"price_id":"$price.large","service_tier":"flex","request_id":"*","outcome":"complete","source":"reported","exact_credits":"*",` +
				`"requests":1,"credits":"*","corrected_credits":0,"uncollected":0,"cost_usd":"*","tokens":"*"}],"next":null}`},
		{says: "a correction alone", as: "root", method: "GET", path: chargesPath + "?from=2026-03-07&to=2026-03-07&user_id=$ada.user", status: 200,
			want: `{"charges":[{"id":"*","type":"correction","created_at":"*","date":"2026-03-07","hour":null,"user_id":"$ada.user","email":"ada@example.com","key_id":null,"key_prefix":null,"key_label":null,"model":null,` +
				`"plan_id":"$plan.pro","plan":"Pro","upstream_id":null,"upstream":null,"adjusts_id":null,"price_id":null,"service_tier":null,"request_id":null,"outcome":null,"source":null,"exact_credits":4,` +
				`"requests":0,"credits":4,"corrected_credits":4,"uncollected":0,"cost_usd":0,"tokens":"*"}],"next":null}`},
	})
}

func TestReportsOfUsageRefuseWhatTheyCannotRead(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spend(t)
		after := func(by string) string {
			_, next := rowsOf(t, s.call(t, call{as: "root", method: "GET", path: usagePath + "?" + spentDays + "&limit=1&group_by=" + by, status: 200}).text)
			return fmt.Sprint(next)
		}
		encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		cursor := after("day,model")
		for text, field := range map[string]string{
			"": "group_by", "group_by=": "group_by", "group_by=week": "group_by", "group_by=day,day": "group_by", "group_by=day,": "group_by", "group_by=,day": "group_by", "group_by=day,%20hour": "group_by", "group_by=Day": "group_by",
			"group_by=day&group_by=hour":   "group_by",
			"group_by=day&from=2026-03-08": "from", "group_by=day&from=2026-03-05&to=2026-03-04": "from", "group_by=day&from=2024-01-01&to=2025-01-01": "from",
			"group_by=day&from=1999-12-31": "from", "group_by=day&to=2101-01-01": "to", "group_by=day&to=2026-02-30": "to", "group_by=day&to=": "to", "group_by=day&from=2026-03-04T00:00:00Z": "from",
			"group_by=day&user_id=7": "user_id", "group_by=day&key_id=x": "key_id", "group_by=day&model=": "model", "group_by=day&model=%00": "model", "group_by=day&model=%ff": "model", "group_by=day&model=" + strings.Repeat("x", 201): "model",
			"group_by=day&plan=": "plan", "group_by=day&plan=none": "plan", "group_by=day&limit=0": "limit", "group_by=day&limit=1001": "limit", "group_by=day&limit=x": "limit",
			"group_by=day&after=": "after", "group_by=day&after=!": "after", "group_by=day&after=" + cursor: "after", "group_by=model&after=" + cursor: "after", "group_by=day,model,hour&after=" + cursor: "after",
			"group_by=day,model&after=" + cursor + "AA": "after", "group_by=day,model&after=" + cursor[:len(cursor)-4]: "after", "group_by=day&after=" + encoded("d2026-02-30"): "after", "group_by=day&after=" + encoded("d2026-3-004"): "after",
			"group_by=hour&after=" + encoded("h\x19"): "after", "group_by=hour&after=" + encoded("h"): "after", "group_by=user&after=" + encoded("uabc"): "after", "group_by=model&after=" + encoded("m\xff\x00"): "after",
			"group_by=model&after=" + encoded("mx"): "after", "group_by=day&after=" + strings.Repeat("x", 4097): "after",
		} {
			path := usagePath + "?" + text
			for _, accept := range []string{"application/json", "text/csv"} {
				a := s.call(t, call{as: "root", method: "GET", path: path, header: http.Header{"Accept": {accept}}, status: 422})
				if fields := fieldsOf(t, a); len(fields) != 1 || fields[field] == nil {
					t.Errorf("%s: the wrong fields are %v, want %s", path, fields, field)
				}
			}
		}
		for text, field := range map[string]string{
			"from=2026-03-08": "from", "from=2026-03-05&to=2026-03-04": "from", "from=2024-01-01&to=2025-01-01": "from", "after=x": "after", "after=": "after", "limit=1001": "limit", "limit=0": "limit", "plan=none": "plan", "user_id=x": "user_id", "model=%0a": "model",
		} {
			if fields := fieldsOf(t, s.call(t, call{as: "root", method: "GET", path: chargesPath + "?" + text, status: 422})); len(fields) != 1 || fields[field] == nil {
				t.Errorf("%s: the wrong fields are %v, want %s", text, fields, field)
			}
		}
		s.call(t, call{as: "root", method: "GET", path: usagePath + "?group_by=day&from=2024-01-01&to=2024-12-31", status: 200}) // a year with a leap day
		if made := s.auditOf(t, "export.made"); len(made) != 0 {
			t.Errorf("refused exports are recorded as made: %v", made)
		}
		if _, err := s.store.Retain(t.Context(), "2026-03-06", 1000); err != nil {
			t.Fatal(err)
		}
		for path, status := range map[string]int{
			usagePath + "?group_by=hour&": 422, usagePath + "?group_by=upstream&": 422, chargesPath + "?": 422, usagePath + "?group_by=day,key&": 200,
		} {
			a := s.call(t, call{as: "root", method: "GET", path: path + spentDays, status: status})
			if status == 422 && fieldsOf(t, a)["from"] == nil {
				t.Errorf("%s", a.text)
			}
			s.call(t, call{as: "root", method: "GET", path: path + spentDays, header: http.Header{"Accept": {"text/csv"}}, status: status})
		}
	})
}

func TestACursorOfEveryGroupingGoesOnWhereItsPageEnded(t *testing.T) {
	s := onSQLite(t)
	s.spend(t)
	for _, by := range groupings() {
		q := query(t, spentDays+"&group_by="+by)
		whole := s.pages(t, usagePath, q, 1000)
		if paged := s.pages(t, usagePath, q, 1); !slices.EqualFunc(whole, paged, maps.Equal[row]) {
			t.Errorf("%s is by pages of one\n%v, at once\n%v", by, paged, whole)
		}
	}
}

func TestAClientGetsTheFormatThatItPrefers(t *testing.T) {
	s := onSQLite(t)
	for accept, want := range map[string]string{
		"": "json", "*/*": "json", "application/json": "json", "text/html": "json", "application/json, text/csv": "json", "text/csv, application/json": "json", "text/csv;q=0.5, application/json;q=0.6": "json", "text/csv;q=0": "json",
		"text/csv;q=0.9, */*": "json", "application/json, text/plain, */*": "json", "text/csv;q=x": "json", "text/csv;q=1.5": "json", "text/csv;q=NaN": "json", "text/csvx": "json", "application/*": "json", "text/csv;q=0, text/*": "json",
		"text/csv": "csv", "TEXT/CSV": "csv", "text/csv; charset=utf-8": "csv", "text/*": "csv", "text/csv, */*": "csv", "text/csv, */*;q=0.1": "csv", "application/json;q=0.5, text/csv;q=0.6": "csv", "text/csv ; q=0.001": "csv", "application/json;q=0, */*": "csv",
		"text/html, text/csv;header=present;Q=0.8, application/json;q=0.7": "csv",
	} {
		a := s.call(t, call{as: "root", method: "GET", path: chargesPath, header: http.Header{"Accept": {accept}}, status: 200})
		if kind := a.Header.Get("Content-Type"); strings.Contains(kind, "csv") != (want == "csv") {
			t.Errorf("Accept: %s is answered as %s", accept, kind)
		}
	}
	a := s.call(t, call{as: "root", method: "GET", path: chargesPath, header: http.Header{"Accept": {"text/html", "text/csv"}}, status: 200})
	if kind := a.Header.Get("Content-Type"); !strings.Contains(kind, "csv") {
		t.Errorf("two Accept headers are answered as %s", kind)
	}
}

func TestViewersReadUsageAndExportsAreRecorded(t *testing.T) {
	s := onSQLite(t)
	u, err := s.store.CreateUser(t.Context(), accounts.ActorCLI, accounts.NewUser{Email: "vera@example.com", Plan: "Pro", Role: accounts.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	secret := mint()
	if _, err := s.store.CreateKey(t.Context(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret}); err != nil {
		t.Fatal(err)
	}
	s.words["vera.key"] = secret.Reveal()
	for _, path := range []string{usagePath + "?group_by=day", chargesPath} {
		s.call(t, call{as: "vera", method: "GET", path: path, status: 200})
		s.call(t, call{as: "vera", method: "GET", path: path, header: http.Header{"Accept": {"text/csv"}}, status: 200})
		for _, as := range []string{"ada", "gate"} {
			s.call(t, call{as: as, method: "GET", path: path, status: 403})
		}
	}
	entries, err := s.store.Audit(t.Context(), store.AuditQuery{Action: "export.made", Limit: 9})
	if err != nil || len(entries) != 2 || entries[0].Details != "Exported the charges for 2026-02-03 to 2026-03-04." || entries[1].Details != "Exported the usage for 2026-02-03 to 2026-03-04." ||
		entries[0].Actor != "vera@example.com" || entries[0].Target != "charges" || entries[0].KeyPrefix != secret.Prefix() {
		t.Errorf("%v: recorded are %+v", err, entries)
	}
}
