package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// manpageCommand prints the manual page that packages install.
type manpageCommand struct{}

// Run prints the manual page, in the language of man(7).
func (manpageCommand) Run(t *terminal, parsed *kong.Context) error {
	say := printer(t.out)
	say(".TH CODEXIBLE 1 \"\" \"codexible %s\" \"Codexible\"\n", roff(strings.TrimPrefix(t.version, "v")))
	say(".nh\n.ad l\n.SH NAME\ncodexible \\- API keys, plans and daily credits for an API product\n")
	say(".SH SYNOPSIS\n.B codexible\n.I command\n[\\fIflags\\fR]\n")
	say(".SH DESCRIPTION\n")
	_, rest, _ := strings.Cut(description, "\n\n")
	rest, _, _ = strings.Cut(rest, "\n\nExit code")
	paragraphs(say, rest)
	say(".SH COMMANDS\n")
	for _, command := range parsed.Model.Leaves(true) {
		manual(say, command)
	}
	say(".SH FLAGS OF EVERY COMMAND\n")
	flags(say, parsed.Model.Flags)
	say(".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nIt failed, and a line on stderr says why.\n.TP\n.B 2\nThe command line is wrong.\n")
	say(".SH FILES\n.TP\n.I .env\nThe settings, in the current folder; with the packages \\fI/etc/codexible/.env\\fR, which is a link to \\fI/etc/codexible/codexible.env\\fR.\n")
	say(".TP\n.I /var/lib/codexible\nThe embedded database of the packages.\n")
	return nil
}

// manual describes one command.
func manual(say func(string, ...any), command *kong.Node) {
	summary := strings.TrimSuffix(command.Summary(), " [flags]")
	say(".SS %s\n", roff(strings.TrimPrefix(summary, "codexible ")))
	paragraphs(say, command.Help)
	if command.Detail != "" {
		say(".PP\n")
		paragraphs(say, command.Detail)
	}
	for _, arg := range command.Positional {
		say(".TP\n.I %s\n%s\n", roff(arg.Name), roff(arg.Help))
	}
	var own []*kong.Flag
	for at := command; at.Parent != nil; at = at.Parent {
		own = append(own, at.Flags...)
	}
	flags(say, own)
}

func flags(say func(string, ...any), all []*kong.Flag) {
	for _, f := range all {
		if f.Hidden {
			continue
		}
		say(".TP\n\\fB%s\\fR", roff("--"+f.Name))
		if f.Short != 0 {
			say(", \\fB%s\\fR", roff("-"+string(f.Short)))
		}
		if !f.IsBool() {
			say(" \\fI%s\\fR", roff(strings.Trim(f.FormatPlaceHolder(), `"`)))
		}
		say("\n%s\n", roff(f.Help))
	}
}

// paragraphs writes a text with its paragraphs; those that are indented are examples and keep their lines.
func paragraphs(say func(string, ...any), text string) {
	for i, paragraph := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		if i > 0 {
			say(".PP\n")
		}
		if strings.HasPrefix(paragraph, "    ") {
			say(".EX\n%s\n.EE\n", roff(paragraph))
		} else {
			say("%s\n", roff(paragraph))
		}
	}
}

// roff escapes what man(7) would read as its own.
func roff(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
