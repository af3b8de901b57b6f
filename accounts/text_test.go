package accounts_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"codexible/accounts"

	"github.com/google/go-cmp/cmp"
)

func TestTextsLoseWhatCannotBeSeenAndTheBlanksAtTheirEnds(t *testing.T) {
	for text, want := range map[string]string{
		" a b ": "a b", "\u00a0\u3000a\u2003": "a", "\u202ea\u2066b\u2069\u200e": "ab", "a\u200b\u200c\u200d\ufeffb": "ab", "soft\u00adhyphen": "softhyphen", "\u200b\u2060": "", "\u3164\u115f\uffa0\u2800": "",
		"👩\u200d💻": "👩💻", "❤\ufe0f": "❤", "🏴\U000e0067\U000e007f": "🏴", "a\U000e0100b": "ab", "e\u0301": "é", "\u200b a \u200b": "a", "مرحبا": "مرحبا", "\u0600١": "\u0600١", "\xff\u200b": "\xff\u200b", "": "", "a\x00b": "a\x00b", "\u202e \u202c": "",
	} {
		if got := accounts.Clean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func FuzzACleanedTextIsCleanAlready(f *testing.F) {
	for _, seed := range []string{" a ", "\u202ea", "e\u0301", "\xff", "👩\u200d💻", "\u200b \u200b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := accounts.Clean(text)
		if twice := accounts.Clean(once); twice != once {
			t.Errorf("%q becomes %q, and then %q", text, once, twice)
		}
		if utf8.ValidString(once) && (once != strings.TrimSpace(once) || strings.ContainsFunc(once, accounts.IsInvisible)) {
			t.Errorf("%q becomes %q", text, once)
		}
		if accounts.CheckText(once, 0, 1<<20) == "" && (!utf8.ValidString(once) || strings.ContainsRune(once, 0)) {
			t.Errorf("%q passes", once)
		}
	})
}

func TestTextsThatNoLineShowsAreRefused(t *testing.T) {
	for _, text := range []string{"a\u2028b", "a\u2029b", "\uffff", "\ufffe", "\ufdd0", "\U0010ffff", "\x1b[31m"} {
		if accounts.CheckText(text, 0, 100) == "" {
			t.Errorf("%q passes", text)
		}
	}
}

func TestEMailsThatAreDisplayedAlikeAreEqual(t *testing.T) {
	for a, b := range map[string]string{"z\u0301o\u0301lw@example.com": "źólw@example.com", "ＡＤＡ＠example.com": "ada@example.com", "ﬁ@x.de": "fi@X.de", "\u212belvin@x.de": "\u00e5elvin@x.de"} {
		n, err := accounts.NewUser{Email: a, Plan: "Pro"}.Normalize()
		if err != nil || accounts.FoldEmail(n.Email) != accounts.FoldEmail(b) {
			t.Errorf("%q and %q differ: %q, %v", a, b, n.Email, err)
		}
	}
	for _, email := range []string{"a\u200bda@x.de", "a\u00adda@x.de", "\u202eada@x.de", "ada\ufe0f@x.de", "ada@x\u3164.de", "a\U000e0061da@x.de", "ada\u034f@x.de", "ada\u2800@x.de", "ada@@x.de", "ada＠x@y.de", "a\ufdfab@x.de"} {
		if _, err := (accounts.NewUser{Email: email, Plan: "Pro"}).Normalize(); err == nil {
			t.Errorf("%+q passes", email)
		}
	}
	if diff := cmp.Diff([]string{"ada@x.de"}, accounts.EmailForms("Ada@x.de")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"é@x.de", "e\u0301@x.de"}, accounts.EmailForms("É@x.de")); diff != "" {
		t.Error(diff)
	}
}

func TestFeaturesAreAnObjectThatEveryReaderUnderstands(t *testing.T) {
	for text, ok := range map[string]bool{
		`{}`: true, `{"a": [1, "\ud83d\ude00", "\\ud800", "\\u0000"]}`: true,
		``: false, `[]`: false, `null`: false, `{`: false, `{}{}`: false, `{"a":"\ud800"}`: false, `{"a":"\udc00\ud800"}`: false, `{"\ud800":1}`: false, `{"a":"\ud800\u0041"}`: false,
		`{"a":"\u0000"}`: false, "{\"a\":\"\x00\"}": false, "{\"a\":\"\xff\"}": false, "\ufeff{}": false, `{"a":01}`: false,
	} {
		if problem := accounts.CheckFeatures(json.RawMessage(text)); (problem == "") != ok {
			t.Errorf("%q: %q", text, problem)
		}
	}
	if accounts.CheckFeatures(nil) != "" {
		t.Error("no features are refused")
	}
	if accounts.CheckFeatures(json.RawMessage("\n {} ")) != "" {
		t.Error("blanks around an object are refused")
	}
	for _, bound := range []int{accounts.MaxFeaturesBytes, accounts.MaxFeaturesDepth} {
		number := strconv.Itoa(bound)
		if rule := accounts.FeaturesRule; !strings.Contains(rule, number) {
			t.Errorf("the rule does not name %d", bound)
		}
	}
}
