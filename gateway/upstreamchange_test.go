package gateway_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"codexible/fault"
	"codexible/gateway"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// vendor creates an upstream of a kind at a base URL.
func vendor(kind gateway.Kind, baseURL string) gateway.UpstreamChange {
	return gateway.UpstreamChange{Name: new("vendor"), Kind: &kind, BaseURL: &baseURL}
}

func applied(t *testing.T, c gateway.UpstreamChange, u gateway.Upstream) gateway.Upstream {
	t.Helper()
	u, err := c.Apply(u, now)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBaseURLsAreKeptInOneFormOrRefused(t *testing.T) {
	long := "https://example.com/" + strings.Repeat("a", 500)
	for text, want := range map[string]string{
		"https://api.example.com":                  "https://api.example.com/v1",
		" https://API.Example.com/ ":               "https://api.example.com/v1",
		"HTTPS://api.example.com/v1//":             "https://api.example.com/v1",
		"https://api.example.com:8443/openai/v2/":  "https://api.example.com:8443/openai/v2",
		"https://8.8.8.8/v1":                       "https://8.8.8.8/v1",
		"https://api.example.com/a%20b":            "https://api.example.com/a%20b",
		"http://localhost:11434":                   "http://localhost:11434/v1",
		"http://127.0.0.1:8000/v1":                 "http://127.0.0.1:8000/v1",
		"http://10.1.2.3":                          "http://10.1.2.3/v1",
		"http://172.16.0.1":                        "http://172.16.0.1/v1",
		"http://192.168.1.1":                       "http://192.168.1.1/v1",
		"http://100.64.0.9":                        "http://100.64.0.9/v1",
		"http://[::1]:8000":                        "http://[::1]:8000/v1",
		"http://[fd00::7]":                         "http://[fd00::7]/v1",
		"http://[::ffff:10.0.0.7]":                 "http://[::ffff:10.0.0.7]/v1",
		"http://vllm:8000":                         "http://vllm:8000/v1",
		"http://model.default.svc.cluster.local":   "http://model.default.svc.cluster.local/v1",
		"http://host.docker.internal:1":            "http://host.docker.internal:1/v1",
		"":                                         "",
		"api.example.com":                          "",
		"ftp://api.example.com":                    "",
		"https:api.example.com":                    "",
		"https://":                                 "",
		"https:///v1":                              "",
		"https://user@api.example.com":             "",
		"https://user:password@api.example.com":    "",
		"https://api.example.com/v1?key=secret":    "",
		"https://api.example.com/v1?":              "",
		"https://api.example.com/v1#part":          "",
		"https://api.example.com:0":                "",
		"https://api.example.com:65536":            "",
		"https://api.example.com:":                 "",
		"https://api.example.com/../v1":            "",
		"https://api.example.com/%2e%2e/v1":        "",
		"https://api.example.com//v1":              "",
		"https://api.example.com/a b":              "",
		"https://api.example.com/a\nb":             "",
		"https://api.example.com\\@evil.com":       "",
		"https://bücher.example":                   "",
		"https://-a.example":                       "",
		"https://a..example":                       "",
		long:                                       "",
		"http://api.example.com":                   "",
		"http://8.8.8.8":                           "",
		"http://[2001:4860:4860::8888]":            "",
		"http://169.254.169.254":                   "",
		"https://169.254.169.254/latest/meta-data": "",
		"https://169.254.0.1.":                     "",
		"https://[fe80::1]":                        "",
		"https://[fe80::1%25eth0]":                 "",
		"https://[fd00:ec2::254]":                  "",
		"https://[::ffff:169.254.169.254]":         "",
		"https://[::ffff:a9fe:a9fe]":               "",
		"https://[64:ff9b::a9fe:a9fe]":             "",
		"https://[2002:a9fe:a9fe::1]":              "",
		"https://[::a9fe:a9fe]":                    "",
		"https://100.100.100.200":                  "",
		"https://2852039166":                       "",
		"https://0xa9fea9fe":                       "",
		"https://169.254.43518":                    "",
		"https://0251.0376.0251.0376":              "",
		"https://0.0.0.0":                          "",
		"https://[::]":                             "",
		"https://224.0.0.1":                        "",
		"https://metadata.google.internal":         "",
		"http://metadata":                          "",
	} {
		u, err := vendor(gateway.Compatible, text).Apply(gateway.NewUpstream(), now)
		switch {
		case want != "" && (err != nil || u.BaseURL != want):
			t.Errorf("%s is kept as %q: %v", text, u.BaseURL, err)
		case want == "" && (fault.KindOf(err) != fault.Invalid || fault.As(err).Fields["base_url"] == ""):
			t.Errorf("%s is taken as %q: %v", text, u.BaseURL, err)
		case want == "" && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "user:")):
			t.Errorf("the answer repeats what was sent: %v", err)
		case want != "": // what is kept is taken again as it is
			if again := applied(t, gateway.UpstreamChange{BaseURL: &u.BaseURL}, u); again.BaseURL != want {
				t.Errorf("%s becomes %s", want, again.BaseURL)
			}
		}
	}
}

func TestAddressesOfMetadataAreForbiddenInEveryForm(t *testing.T) {
	for text, want := range map[string][2]bool{
		"169.254.1.1": {true, false}, "::ffff:169.254.1.1": {true, false}, "fe80::1%eth0": {true, false}, "fd00:ec2::254": {true, false}, "64:ff9b::a9fe:101": {true, false},
		"0.0.0.0": {true, false}, "::": {true, false}, "ff02::1": {true, false}, "127.0.0.1": {false, true}, "::1": {false, true}, "::ffff:127.0.0.1": {false, true},
		"10.0.0.1": {false, true}, "fd00::1": {false, true}, "100.64.0.1": {false, true}, "8.8.8.8": {false, false}, "2001:db8::1": {false, false}, "64:ff9b::808:808": {false, false},
	} {
		if a := netip.MustParseAddr(text); gateway.Forbidden(a) != want[0] || gateway.Inside(a) != want[1] {
			t.Errorf("%s: forbidden %v, inside %v", text, gateway.Forbidden(a), gateway.Inside(a))
		}
	}
	if !gateway.Forbidden(netip.Addr{}) {
		t.Error("no address is one that may be called")
	}
}

func TestAKindHasItsWires(t *testing.T) {
	for _, c := range []struct {
		kind  gateway.Kind
		wires []string
		want  []usage.Wire
		gone  gateway.OnClientGone
	}{
		{gateway.OpenAI, nil, []usage.Wire{usage.Chat, usage.Responses}, gateway.Cancel},
		{gateway.OpenAI, []string{"responses", "chat"}, []usage.Wire{usage.Chat, usage.Responses}, gateway.Cancel},
		{gateway.OpenAI, []string{"chat"}, nil, ""},
		{gateway.Anthropic, nil, []usage.Wire{usage.Messages}, gateway.Cancel},
		{gateway.Anthropic, []string{"chat"}, nil, ""},
		{gateway.Compatible, nil, []usage.Wire{usage.Chat}, gateway.Drain},
		{gateway.Compatible, []string{"messages", "chat"}, []usage.Wire{usage.Chat, usage.Messages}, gateway.Drain},
		{gateway.Compatible, []string{}, nil, ""},
		{gateway.Compatible, []string{"chat", "chat"}, nil, ""},
		{gateway.Compatible, []string{"other"}, nil, ""},
	} {
		change := vendor(c.kind, "https://api.example.com")
		if c.wires != nil {
			change.Wires = &c.wires
		}
		u, err := change.Apply(gateway.NewUpstream(), now)
		if c.want == nil {
			if fault.KindOf(err) != fault.Invalid || fault.As(err).Fields["wires"] == "" {
				t.Errorf("%s with the wires %v: %v", c.kind, c.wires, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, u.Wires); diff != "" || err != nil || u.OnClientGone != c.gone {
			t.Errorf("%s with the wires %v: %v, %s, %v", c.kind, c.wires, err, u.OnClientGone, diff)
		}
	}
	u := applied(t, vendor(gateway.Compatible, "https://api.example.com"), gateway.NewUpstream())
	if u = applied(t, gateway.UpstreamChange{Kind: new(gateway.Anthropic)}, u); !cmp.Equal(u.Wires, []usage.Wire{usage.Messages}) || u.OnClientGone != gateway.Drain {
		t.Errorf("of another kind it has %v, %s", u.Wires, u.OnClientGone)
	}
}

func TestSecretsDoNotFollowAnUpstreamToAnotherAddressOrKind(t *testing.T) {
	full := vendor(gateway.OpenAI, "https://api.example.com")
	full.Keys, full.Headers = new([]gateway.KeyChange{{Name: "main", Secret: gateway.NewSecret("sk-0123456789abcdef")}}), new(map[string]string{"X-Tenant": "t"})
	u := applied(t, full, gateway.NewUpstream())
	u.Keys[0].ID = uuid.UUID{15: 1}
	stays := new([]gateway.KeyChange{{Name: "main"}})
	for name, c := range map[string]gateway.UpstreamChange{"URL": {BaseURL: new("https://evil.example.com")}, "kind": {Kind: new(gateway.Compatible)}, "path": {BaseURL: new("https://api.example.com/v2")}} {
		if got := applied(t, c, u); len(got.Keys) != 0 || len(got.Headers) != 0 {
			t.Errorf("with another %s it keeps %v, %v", name, got.Keys, got.HeaderNames())
		}
		c.Keys = stays
		if _, err := c.Apply(u, now); fault.KindOf(err) != fault.Invalid || fault.As(err).Fields["keys"] == "" {
			t.Errorf("with another %s a key stays: %v", name, err)
		}
		c.Keys = full.Keys
		if got := applied(t, c, u); len(got.Keys) != 1 || got.Keys[0].ID != uuid.Nil || len(got.Headers) != 0 {
			t.Errorf("with another %s and its keys it has %v, %v", name, got.Keys, got.HeaderNames())
		}
	}
	same := applied(t, gateway.UpstreamChange{BaseURL: new("https://API.example.com/v1/"), Kind: new(gateway.OpenAI), Name: new("other"), Keys: stays}, u)
	if len(same.Keys) != 1 || same.Keys[0].ID != u.Keys[0].ID || len(same.Headers) != 1 {
		t.Errorf("the same address takes %v, %v away", same.Keys, same.HeaderNames())
	}
}

func TestFieldsOfUpstreamsHaveBounds(t *testing.T) {
	keys := func(list ...gateway.KeyChange) gateway.UpstreamChange { return gateway.UpstreamChange{Keys: &list} }
	headers := func(pairs ...string) gateway.UpstreamChange {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return gateway.UpstreamChange{Headers: &m}
	}
	secret := func(text string) gateway.KeyChange { return gateway.KeyChange{Secret: gateway.NewSecret(text)} }
	var many, crowd []string
	for i := range 21 {
		many = append(many, fmt.Sprint("x-", i), "v")
		crowd = append(crowd, fmt.Sprint("env:UPSTREAM_", i))
	}
	var list []gateway.KeyChange
	for _, ref := range crowd {
		list = append(list, gateway.KeyChange{Reference: ref})
	}
	u := applied(t, vendor(gateway.OpenAI, "https://api.example.com"), gateway.NewUpstream())
	for field, wrong := range map[string][]gateway.UpstreamChange{
		"name":                       {{Name: new("")}, {Name: new("a:b")}, {Name: new("a=b")}, {Name: new("-a")}, {Name: new(strings.Repeat("a", 65))}, {Name: new("a\nb")}, {Name: new("é")}},
		"kind":                       {{Kind: new(gateway.Kind("azure"))}},
		"weight":                     {{Weight: new(int64(-1))}, {Weight: new(int64(1001))}},
		"priority":                   {{Priority: new(int64(0))}, {Priority: new(int64(1001))}},
		"first_byte_timeout_seconds": {{FirstByteTimeout: new(time.Duration(0))}, {FirstByteTimeout: new(time.Hour + time.Second)}, {FirstByteTimeout: new(1500 * time.Millisecond)}},
		"idle_timeout_seconds":       {{IdleTimeout: new(-time.Second)}, {IdleTimeout: new(2 * time.Hour)}},
		"on_client_gone":             {{OnClientGone: new(gateway.OnClientGone("wait"))}},
		"daily_limit_usd":            {{DailyLimitMicros: new(new(int64(-1)))}, {DailyLimitMicros: new(new(int64(gateway.MaxDailyLimit + 1)))}},
		"keys": {
			keys(list...), keys(secret("a b")), keys(secret("a\r\nb")), keys(secret("é")), keys(secret(strings.Repeat("a", 4097))), keys(gateway.KeyChange{}), keys(gateway.KeyChange{Name: "unknown"}),
			keys(gateway.KeyChange{Name: "a", Reference: "env:UPSTREAM_A"}, gateway.KeyChange{Name: "A", Reference: "env:UPSTREAM_B"}), keys(gateway.KeyChange{Name: "a/b", Reference: "env:UPSTREAM_A"}),
			keys(gateway.KeyChange{Secret: gateway.NewSecret("s"), Reference: "env:UPSTREAM_A"}),
			keys(gateway.KeyChange{Reference: "env:SECRET_KEY"}), keys(gateway.KeyChange{Reference: "env:UPSTREAM_"}), keys(gateway.KeyChange{Reference: "env:UPSTREAM_a"}), keys(gateway.KeyChange{Reference: "env:UPSTREAM_KEYS_DIR"}),
			keys(gateway.KeyChange{Reference: "file:../x"}), keys(gateway.KeyChange{Reference: "file:.x"}), keys(gateway.KeyChange{Reference: "file:/etc/passwd"}), keys(gateway.KeyChange{Reference: "file:"}),
			keys(gateway.KeyChange{Reference: "stored:x"}), keys(gateway.KeyChange{Reference: "x"}), keys(gateway.KeyChange{Reference: "file:" + strings.Repeat("a", 101)}),
		},
		"headers": {
			headers(many...), headers("", "v"), headers("a b", "v"), headers("a:", "v"), headers("x", ""), headers("x", "a\r\nb"), headers("x", " a"), headers("x", "é"), headers("x", strings.Repeat("a", 4097)),
			headers("X", "1", "x", "2"), headers("Host", "h"), headers("content-length", "1"), headers("Proxy-Authorization", "p"), headers("Transfer-Encoding", "chunked"),
		},
	} {
		for i, c := range wrong {
			if _, err := c.Apply(u, now); fault.KindOf(err) != fault.Invalid || len(fault.As(err).Fields) != 1 || fault.As(err).Fields[field] == "" {
				t.Errorf("%s %d: %v", field, i, err)
			}
		}
	}
	for i, c := range []gateway.UpstreamChange{
		keys(list[:20]...), keys(secret(strings.Repeat("a", 4096))), keys(), headers(many[:40]...), headers("api-key", "a b\"c"), headers(), {Weight: new(int64(0)), Priority: new(int64(1000))},
		{FirstByteTimeout: new(time.Second), IdleTimeout: new(time.Hour)}, {DailyLimitMicros: new(new(int64(0)))}, {DailyLimitMicros: new((*int64)(nil))}, {Name: new(" a.b-c_d 1 ")},
	} {
		if _, err := c.Apply(u, now); err != nil {
			t.Errorf("%d is refused: %v", i, err)
		}
	}
}

func TestKeysWithoutNamesGetFreeOnesAndShowTheirEnds(t *testing.T) {
	c := vendor(gateway.OpenAI, "https://api.example.com")
	c.Keys = new([]gateway.KeyChange{{Secret: gateway.NewSecret("short-0123456789")}, {Name: "Key 1", Secret: gateway.NewSecret("short")}, {Reference: "file:a.b"}, {Reference: "env:UPSTREAM_B", Enabled: new(false)}})
	want := []gateway.UpstreamKey{
		{Name: "key 2", Source: gateway.KeyStored, EndsWith: "6789", Secret: gateway.NewSecret("short-0123456789")}, {Name: "Key 1", Source: gateway.KeyStored, Secret: gateway.NewSecret("short")},
		{Name: "key 3", Source: gateway.KeyFile, Reference: "a.b"}, {Name: "key 4", Source: gateway.KeyEnv, Reference: "UPSTREAM_B", DisabledAt: &now, DisabledReason: "disabled by an operator"},
	}
	u := applied(t, c, gateway.NewUpstream())
	if diff := cmp.Diff(want, u.Keys, cmp.Comparer(func(a, b gateway.Secret) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for i, ref := range []string{"", "", "file:a.b", "env:UPSTREAM_B"} {
		if u.Keys[i].Ref() != ref {
			t.Errorf("key %d has the reference %q", i, u.Keys[i].Ref())
		}
	}
}

func TestOneKeyIsChangedAndTheOthersStay(t *testing.T) {
	ids := []uuid.UUID{{1}, {2}}
	u := gateway.NewUpstream()
	u.Name, u.Kind, u.BaseURL, u.Wires, u.OnClientGone = "x", gateway.Compatible, "https://api.example.com/v1", []usage.Wire{usage.Chat}, gateway.Drain
	u.Keys = []gateway.UpstreamKey{
		{ID: ids[0], Name: "Main", Source: gateway.KeyStored, Secret: gateway.NewSecret("a"), DisabledAt: &now, DisabledReason: "status 401"},
		{ID: ids[1], Name: "key 1", Source: gateway.KeyEnv, Reference: "UPSTREAM_A"},
	}
	texts := func(keys []gateway.UpstreamKey) (all []string) {
		for _, k := range keys {
			all = append(all, fmt.Sprintf("%s %s%s %t %s", k.Name, k.Secret.Reveal(), k.Ref(), k.DisabledAt == nil, k.DisabledReason))
		}
		return all
	}
	const main, env = "Main a false status 401", "key 1 env:UPSTREAM_A true "
	for says, c := range map[string]struct {
		change gateway.OneKeyChange
		want   []string // nil for a refusal
	}{
		"added at the end":       {gateway.OneKeyChange{Add: &gateway.KeyChange{Secret: gateway.NewSecret("b")}}, []string{main, env, "key 2 b true "}},
		"enabled":                {gateway.OneKeyChange{ID: ids[0], Enabled: true}, []string{"Main a true ", env}},
		"disabled":               {gateway.OneKeyChange{ID: ids[1]}, []string{main, "key 1 env:UPSTREAM_A false " + gateway.DisabledByOperator}},
		"removed":                {gateway.OneKeyChange{ID: ids[0], Remove: true}, []string{env}},
		"one that is not there":  {gateway.OneKeyChange{ID: uuid.UUID{3}, Remove: true}, nil},
		"the zero id":            {gateway.OneKeyChange{}, nil},
		"a name that is taken":   {gateway.OneKeyChange{Add: &gateway.KeyChange{Name: "MAIN", Secret: gateway.NewSecret("b")}}, nil},
		"one without any secret": {gateway.OneKeyChange{Add: &gateway.KeyChange{Name: "other"}}, nil},
	} {
		after, err := gateway.UpstreamChange{Key: &c.change}.Apply(u, now)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: taken, keys %q", says, texts(after.Keys))
			}
			continue
		}
		if diff := cmp.Diff(c.want, texts(after.Keys)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", says, err, diff)
		}
	}
	if diff := cmp.Diff([]string{main, env}, texts(u.Keys)); diff != "" {
		t.Error("the upstream before the change is another: ", diff)
	}
}
