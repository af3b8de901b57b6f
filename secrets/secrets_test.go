package secrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var here = Place{Table: "two_step", Column: "secret", Row: "0190"}

func ringOf(keys ...Key) *Ring {
	r := NewRing(keys[0], Key{}, "")
	r.previous = keys[1:]
	return r
}

func sealed(t *testing.T, k Key, text string) string {
	t.Helper()
	s, err := k.Seal(here, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASecretOpensAtItsOwnPlaceAlone(t *testing.T) {
	k := MintKey()
	r := ringOf(k)
	for _, text := range []string{"", "JBSWY3DPEHPK3PXP", strings.Repeat("ü", 5000)} {
		one, two := sealed(t, k, text), sealed(t, k, text)
		if one == two || !IsSealed(one) || strings.Contains(one, "JBSW") {
			t.Errorf("%.10q is encrypted as %.40q and %.40q", text, one, two)
		}
		if got, err := r.Open(here, one); err != nil || got != text {
			t.Errorf("%.10q reads back as %.10q, %v", text, got, err)
		}
	}
	s := sealed(t, k, "text")
	for _, elsewhere := range []Place{{"upstreams", "secret", "0190"}, {"two_step", "other", "0190"}, {"two_step", "secret", "0191"}, {"two_stepsecret", "", "0190"}, {"two_step|6:secret", "", "0190"}} {
		if _, err := r.Open(elsewhere, s); !errors.Is(err, ErrBroken) {
			t.Errorf("at %+v it opens: %v", elsewhere, err)
		}
	}
}

func TestAChangedSecretIsBrokenAndOneOfAnotherKeyIsReported(t *testing.T) {
	k, other := MintKey(), MintKey()
	s := sealed(t, k, "text")
	raw, _ := base64.RawURLEncoding.DecodeString(s[strings.LastIndexByte(s, '.')+1:])
	for i := range raw {
		changed := append([]byte{}, raw...)
		changed[i] ^= 1
		if _, err := ringOf(k).Open(here, "v1."+k.id()+"."+base64.RawURLEncoding.EncodeToString(changed)); !errors.Is(err, ErrBroken) {
			t.Fatalf("with byte %d changed it opens: %v", i, err)
		}
	}
	for _, text := range []string{"", "v1", "v1.", "v2." + s[3:], s + "x.y", "v1." + k.id() + ".%", "v1." + k.id() + ".YQ"} {
		if _, err := ringOf(k).Open(here, text); !errors.Is(err, ErrBroken) {
			t.Errorf("%.20q opens: %v", text, err)
		}
	}
	if _, err := ringOf(other).Open(here, s); !errors.Is(err, ErrOtherKey) {
		t.Errorf("with another key: %v", err)
	}
	if got, err := ringOf(other, k).Open(here, s); err != nil || got != "text" {
		t.Errorf("with the key of before: %q, %v", got, err)
	}
	var none *Ring
	if _, err := none.Open(here, s); !errors.Is(err, ErrOtherKey) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := none.Current(true); !errors.Is(err, ErrNoKey) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := (Key{}).Seal(here, "x"); !errors.Is(err, ErrNoKey) {
		t.Errorf("with no key: %v", err)
	}
}

func TestAKeyIsReadInEveryBase64AndRefusedOtherwise(t *testing.T) {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(255 - i) // needs + and / in the standard alphabet
	}
	want, err := ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if k, err := ParseKey(" " + e.EncodeToString(raw) + "\n"); err != nil || !k.Equal(want) || k.Reveal() != want.Reveal() {
			t.Errorf("%s: %v", e.EncodeToString(raw), err)
		}
	}
	for _, text := range []string{"", "sesame", strings.Repeat("a", 64), base64.StdEncoding.EncodeToString(raw[:31]), base64.StdEncoding.EncodeToString(make([]byte, 33))} {
		if _, err := ParseKey(text); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if other := MintKey(); other.Equal(want) || other.Has(want.Fingerprint()) || !want.Has(want.Fingerprint()) || len(want.Fingerprint()) != FingerprintSize || want.Equal(Key{}) {
		t.Error("two keys have one fingerprint")
	}
}

func TestAKeyMasksItself(t *testing.T) {
	k := MintKey()
	encoded, err := json.Marshal(map[string]any{"key": k})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k, "in", struct{ K Key }{k})
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %d %v", k, k, k, k, k, k, k, struct{ K Key }{k}) + string(encoded) + log.String()
	raw := k.raw[:]
	for _, secret := range []string{k.Reveal(), strings.TrimRight(k.Reveal(), "="), fmt.Sprintf("%x", raw), fmt.Sprint(raw)} {
		if strings.Contains(shown, secret) {
			t.Errorf("the key is shown: %s", shown)
		}
	}
}

func TestAKeyFileIsMadeAtTheFirstNeedOnceAndForItsOwnerAlone(t *testing.T) {
	path := FileIn(filepath.Join(t.TempDir(), "codexible.db"))
	if _, err := NewRing(Key{}, Key{}, path).Current(false); !errors.Is(err, ErrNoKey) {
		t.Fatalf("before the first need: %v", err)
	}
	const processes = 20
	made := make([]Key, processes)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			k, err := NewRing(Key{}, Key{}, path).Current(true)
			if err != nil {
				t.Error(err)
			}
			made[i] = k
		})
	}
	wg.Wait()
	for _, k := range made {
		if k.IsZero() || !k.Equal(made[0]) {
			t.Fatal("two processes have two keys")
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != "secret.key" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	mode := func() os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if mode() != 0o600 {
		t.Errorf("the file's mode is %v", mode())
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	// A configured key comes first; the file's is read beside it.
	own := MintKey()
	r := NewRing(own, MintKey(), path)
	if k, err := r.Current(true); err != nil || !k.Equal(own) {
		t.Errorf("the current key is not the configured one: %v", err)
	}
	if k, err := r.ByFingerprint(made[0].Fingerprint()); err != nil || !k.Equal(made[0]) || mode() != 0o600 {
		t.Errorf("the file's key is not read beside it, or others may read it: %v, %v", err, mode())
	}
	if err := os.WriteFile(path, []byte("sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRing(Key{}, Key{}, path).Current(true); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("a file without a key: %v", err)
	}
}
