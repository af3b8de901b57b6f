package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codexible/store/storetest"
)

// drivers make a shell print, a line each, what it offers for the words $@, of which the last is being typed.
var drivers = map[string]string{
	"bash": `source "$SCRIPT"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { echo "files"; }
_codexible
printf '%s\n' "${COMPREPLY[@]}"`,
	// zsh completes only at a terminal: its functions that collect what is offered are replaced by ones that print it.
	"zsh": `compdef() { :; }
source "$SCRIPT"
PREFIX=$argv[-1]
compadd() { shift; print -l -- ${(M)@:#$PREFIX*}; }
_describe() { local one; for one in ${(P)argv[-1]}; do [[ $one == $PREFIX* ]] && print -r -- ${one%%:*}; done; return 0; }
_files() { print files; }
_message() { :; }
words=("$@") CURRENT=$#
_codexible`,
	"fish": `source $SCRIPT
cd $HOME
touch files
complete -C "$argv" | string replace -r '\t.*' ''
true`,
}

func TestShellsOfferWhatTheCommandLineKnows(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	for shell, driver := range drivers {
		t.Run(shell, func(t *testing.T) {
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(shell + " is not installed; make test installs it")
			}
			code, script, stderr := s.try("", "completion", shell)
			if code != ExitOK {
				t.Fatal(stderr)
			}
			path := filepath.Join(t.TempDir(), "codexible")
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, try := range []struct {
				line      []string
				want, not []string
			}{
				{[]string{"us"}, []string{"user", "usage"}, []string{"key", "manpage"}},
				{[]string{""}, []string{"serve", "user", "version"}, []string{"manpage", "create"}},
				{[]string{"user", ""}, []string{"create", "set-password"}, []string{"serve", "rotate"}},
				{[]string{"--json", "user", "cr"}, []string{"create"}, []string{"serve"}},
				{[]string{"user", "create", "--r"}, []string{"--role"}, []string{"--email", "--limit"}},
				{[]string{"user", "create", "--email", "user", "--"}, []string{"--role", "--plan", "--json"}, []string{"--limit"}},
				{[]string{"user", "create", "--role", ""}, []string{"admin", "viewer"}, []string{"--email", "files"}},
				{[]string{"user", "create", "--role", "ad"}, []string{"admin"}, []string{"viewer"}},
				{[]string{"user", "list", "-q", ""}, nil, []string{"--limit", "create"}},
				{[]string{"completion", ""}, []string{"bash", "fish"}, []string{"serve"}},
				{[]string{"restore", ""}, []string{"files"}, []string{"serve"}},
				{[]string{"serve", "--d"}, []string{"--demo"}, []string{"--json"}},
			} {
				offered := complete(t, program, driver, path, append([]string{"codexible"}, try.line...))
				for _, want := range try.want {
					if !slices.Contains(offered, want) {
						t.Errorf("%q: %q is not offered, but %q", try.line, want, offered)
					}
				}
				for _, not := range try.not {
					if slices.Contains(offered, not) {
						t.Errorf("%q: %q is offered", try.line, not)
					}
				}
			}
			if shell == "bash" {
				if offered := complete(t, program, driver, path, []string{"codexible", "user", "create", "--role", "=", "vi"}); !slices.Equal(offered, []string{"viewer"}) {
					t.Errorf("--role=vi offers %q", offered)
				}
			}
		})
	}
}

func complete(t *testing.T, program, driver, script string, line []string) []string {
	t.Helper()
	args := []string{"-c", driver, "codexible-test"}
	if filepath.Base(program) == "fish" {
		args, line = []string{"--no-config", "-c", driver}, []string{strings.Join(line, " ")}
	}
	shell := exec.CommandContext(t.Context(), program, append(args, line...)...)
	shell.Env = append(os.Environ(), "SCRIPT="+script, "HOME="+t.TempDir())
	out, err := shell.Output()
	if err != nil {
		t.Fatalf("%s, completing %q: %v", program, line, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestTheManualHasEveryCommandAndSetsUp(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	code, page, stderr := s.try("", "manpage")
	if code != ExitOK {
		t.Fatal(stderr)
	}
	for _, want := range []string{
		".TH CODEXIBLE 1 \"\" \"codexible 0.0.0\\-test\"", ".SS serve\n", ".SS user create \\-\\-email=E\\-MAIL \\-\\-plan=PLAN\n", "\\fB\\-\\-q\\fR, \\fB\\-q\\fR \\fITEXT\\fR\n",
		".SS restore <file>\n", ".SS completion <shell>\n", "\\fB\\-\\-json\\fR\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the manual has nothing of %q", want)
		}
	}
	if strings.Contains(page, ".SS manpage") {
		t.Error("the manual has a hidden command")
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, ".") && !slices.Contains([]string{".TH", ".SH", ".SS", ".TP", ".PP", ".EX", ".EE", ".B", ".I", ".nh", ".ad"}, strings.Fields(line)[0]) {
			t.Errorf("man(7) does not know the request in %q", line)
		}
	}
}
