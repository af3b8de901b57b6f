package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help gives the examples that --help shows.
func (completionCommand) Help() string {
	return `Packages install it. Examples, for the current user:

    codexible completion bash >~/.local/share/bash-completion/completions/codexible
    codexible completion zsh >~/.zsh/completions/_codexible
    codexible completion fish >~/.config/fish/completions/codexible.fish`
}

// Run prints the script.
func (c completionCommand) Run(t *terminal, parsed *kong.Context) error {
	scripts := map[string]func(io.Writer, []place){"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	scripts[c.Shell](t.out, places(parsed.Model.Node, ""))
	return nil
}

// A place is a command, or the start of the line, and what may follow it.
type place struct {
	// path is empty at the start of the line, else such as /user/create.
	path     string
	commands []word
	flags    []word
	// args are the values that its argument may have.
	args []string
	// files says that its argument is a file.
	files bool
}

// A word is a command or a flag with what it does.
type word struct {
	name, help string
	short      rune
	// valued says that a value follows, one of values if there are any.
	valued bool
	values []string
}

// places lists the commands from a node on, those that are hidden aside.
func places(node *kong.Node, path string) []place {
	p := place{path: path}
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			p.flags = append(p.flags, word{"--" + f.Name, sentence(f.Help), f.Short, !f.IsBool(), choices(f.Value)})
		}
	}
	for _, arg := range node.Positional {
		p.args = append(p.args, choices(arg)...)
		p.files = p.files || arg.Name == "file"
	}
	below := []place{}
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		p.commands = append(p.commands, word{name: child.Name, help: sentence(child.Help)})
		below = append(below, places(child, path+"/"+child.Name)...)
	}
	return append([]place{p}, below...)
}

func choices(v *kong.Value) (values []string) {
	if v.Enum == "" {
		return nil
	}
	for _, value := range v.EnumSlice() {
		if value != "" {
			values = append(values, value)
		}
	}
	return values
}

// sentence is the first sentence of a help text without its full stop.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}

// names are the words without their help.
func names(words []word) (all []string) {
	for _, w := range words {
		all = append(all, w.name)
	}
	return all
}

// paths are those of every command, as a pattern of a shell's case.
func paths(all []place, separator string) string {
	var names []string
	for _, p := range all[1:] {
		names = append(names, p.path)
	}
	return strings.Join(names, separator)
}

// quoted is a text in single quotes, which all three shells read alike but for a backslash in fish.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// forms are the two ways to write a flag.
func (w *word) forms() []string {
	if w.short == 0 {
		return []string{w.name}
	}
	return []string{w.name, "-" + string(w.short)}
}

// valuedFlags calls write for every flag that a value follows.
func valuedFlags(all []place, write func(pattern string, values []string)) {
	for _, p := range all {
		for _, f := range p.flags {
			if !f.valued {
				continue
			}
			var patterns []string
			for _, form := range f.forms() {
				patterns = append(patterns, quoted(p.path+" "+form))
			}
			write(strings.Join(patterns, " | "), f.values)
		}
	}
}

func bashCompletion(out io.Writer, all []place) {
	say := printer(out)
	say(`# shellcheck shell=bash disable=SC2207
# Completion of codexible for bash, printed by: codexible completion bash
_codexible() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' words='' i
  COMPREPLY=()
  # bash divides --flag=value into three words.
  if [[ $current == = ]]; then current=''; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case $command/${COMP_WORDS[i]} in
      %s) command+=/${COMP_WORDS[i]} ;;
    esac
  done
  case "$command $before" in
`, paths(all, " | "))
	valuedFlags(all, func(pattern string, values []string) {
		if len(values) > 0 {
			say("    %s) COMPREPLY=($(compgen -W %s -- \"$current\")); return ;;\n", pattern, quoted(strings.Join(values, " ")))
		} else {
			say("    %s) return ;;\n", pattern)
		}
	})
	say("  esac\n  case $command in\n")
	for _, p := range all {
		say("    %s) words=%s ;;\n", quoted(p.path), quoted(strings.Join(slices.Concat(names(p.commands), p.args, names(p.flags)), " ")))
	}
	say(`  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
`)
	if files := withFiles(all); len(files) > 0 {
		say("  case $command in\n    %s) compopt -o default 2>/dev/null ;;\n  esac\n", strings.Join(files, " | "))
	}
	say("}\ncomplete -F _codexible codexible\n")
}

// withFiles are the commands whose argument is a file.
func withFiles(all []place) (paths []string) {
	for _, p := range all {
		if p.files {
			paths = append(paths, p.path)
		}
	}
	return paths
}

func zshCompletion(out io.Writer, all []place) {
	say := printer(out)
	say(`#compdef codexible
# Completion of codexible for zsh, printed by: codexible completion zsh
_codexible() {
  local command='' i
  local -a commands flags
  for ((i = 2; i < CURRENT; i++)); do
    case $command/$words[i] in
      %s) command+=/$words[i] ;;
    esac
  done
  case "$command $words[CURRENT-1]" in
`, paths(all, " | "))
	valuedFlags(all, func(pattern string, values []string) {
		if len(values) > 0 {
			say("    %s) compadd -- %s; return ;;\n", pattern, strings.Join(values, " "))
		} else {
			say("    %s) _message value; return ;;\n", pattern)
		}
	})
	say("  esac\n  case $command in\n")
	for _, p := range all {
		say("    %s)\n", quoted(p.path))
		say("      commands=(%s)\n", described(p.commands))
		say("      flags=(%s)\n", described(p.flags))
		if len(p.args) > 0 {
			say("      compadd -- %s\n", strings.Join(p.args, " "))
		}
		if p.files {
			say("      _files\n")
		}
		say("      ;;\n")
	}
	say(`  esac
  ((! $#commands)) || _describe -t commands command commands
  if [[ $PREFIX == -* ]] || ((! $#commands)); then _describe -o -t options option flags; fi
}
if [[ $funcstack[1] == _codexible ]]; then _codexible "$@"; else compdef _codexible codexible; fi
`)
}

// described are words with their help, as zsh's _describe takes them.
func described(words []word) string {
	var all []string
	for _, w := range words {
		all = append(all, quoted(strings.ReplaceAll(w.name, ":", `\:`)+":"+w.help))
	}
	return strings.Join(all, " ")
}

func fishCompletion(out io.Writer, all []place) {
	say := printer(out)
	//nolint:dupword // fish ends its blocks so
	say(`# Completion of codexible for fish, printed by: codexible completion fish
function __codexible_at
    set -l at ''
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        switch $at/$word
            case %s
                set at $at/$word
        end
    end
    test "$at" = "$argv[1]"
end
complete -c codexible -f
`, paths(all, " "))
	fish := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, p := range all {
		at := "complete -c codexible -n \"__codexible_at '" + p.path + "'\""
		for _, c := range p.commands {
			say("%s -a %s -d '%s'\n", at, c.name, fish.Replace(c.help))
		}
		if len(p.args) > 0 {
			say("%s -a '%s'\n", at, strings.Join(p.args, " "))
		}
		if p.files {
			say("%s -F\n", at)
		}
		for _, f := range p.flags {
			say("%s -l %s", at, strings.TrimPrefix(f.name, "--"))
			if f.short != 0 {
				say(" -s %c", f.short)
			}
			if f.valued {
				say(" -x")
			}
			if len(f.values) > 0 {
				say(" -a '%s'", strings.Join(f.values, " "))
			}
			say(" -d '%s'\n", fish.Replace(f.help))
		}
	}
}

// printer writes to out, whose error the command's caller would see on its own terminal.
func printer(out io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
}
