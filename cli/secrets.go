package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"codexible/accounts"
	"codexible/store"
)

type secretsCommand struct {
	Rotate secretsRotate `cmd:"" help:"Encrypt every secret in the database with the current key."`
	Forget secretsForget `cmd:"" help:"Delete the secrets that no key can decrypt."`
}

type secretsRotate struct{}

// Help gives the examples that --help shows.
func (secretsRotate) Help() string {
	return `Set SECRET_KEY to the new key and SECRET_KEY_PREVIOUS to the old one on every instance, restart them, and run this once; then unset SECRET_KEY_PREVIOUS. All or nothing, beside a running service. If the old key is in secret.key beside the database, it is read from there. Example:

    SECRET_KEY=$(openssl rand -base64 32) SECRET_KEY_PREVIOUS=… codexible secrets rotate`
}

// rotatedJSON is a rotation as --json prints it.
type rotatedJSON struct {
	Rotated int `json:"rotated"`
}

// Run re-encrypts every secret.
func (secretsRotate) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		n, err := s.RotateSecrets(ctx, accounts.ActorCLI)
		if err != nil {
			return err
		}
		return t.print(rotatedJSON{n}, func(w io.Writer) {
			line(w, fmt.Sprintf("%d secrets are encrypted with the present key. Keep a copy of it where the backups are not; SECRET_KEY_PREVIOUS is needed for older backups alone.", n))
		})
	})
}

type secretsForget struct {
	Yes bool `help:"Delete them; without it they are only listed."`
}

// Help gives the examples that --help shows.
func (secretsForget) Help() string {
	return `For a key that is lost. The users whose second factor is dropped sign in with their password alone, and should turn it on again; their sessions end. Keys of upstreams that are dropped are disabled, and upstreams whose headers are dropped too, until you send them again. Webhooks whose secret is dropped are disabled until you rotate it. What a key decrypts stays. Examples:

    codexible secrets forget
    codexible secrets forget --yes`
}

// forgottenJSON is what forget prints with --json.
type forgottenJSON struct {
	Users     []string `json:"users"`
	Upstreams []string `json:"upstreams"`
	Webhooks  []string `json:"webhooks"`
	Dropped   bool     `json:"dropped"`
}

// Run lists, and with --yes drops, what cannot be decrypted.
func (c secretsForget) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		of, err := s.DropSecrets(ctx, accounts.ActorCLI, c.Yes)
		if err != nil {
			return err
		}
		if !of.None() && !c.Yes && !t.json {
			return undecryptable(of)
		}
		return t.print(forgottenJSON{append([]string{}, of.Users...), append([]string{}, of.Upstreams...), append([]string{}, of.Webhooks...), c.Yes && !of.None()}, func(w io.Writer) {
			if of.None() {
				line(w, "every secret can be decrypted: nothing to drop")
			}
			for _, email := range of.Users {
				line(w, email+": two-factor authentication is off, a password alone signs in")
			}
			for _, name := range of.Upstreams {
				line(w, name+": keys or headers of this upstream are dropped: send them again with `codexible upstream change`")
			}
			for _, host := range of.Webhooks {
				line(w, host+": a secret of this webhook is dropped: rotate it with `codexible webhook rotate-secret`, give it to the receiver, and enable the webhook")
			}
		})
	})
}

// undecryptable lists what would be dropped, and what follows from that.
func undecryptable(of store.DroppedSecrets) error {
	var lost, then []string
	if len(of.Users) > 0 {
		lost = append(lost, "the second factors of these users cannot be decrypted: "+strings.Join(of.Users, ", "))
		then = append(then, "then these users sign in with their password alone")
	}
	if len(of.Upstreams) > 0 {
		lost = append(lost, "keys or headers of these upstreams cannot be decrypted: "+strings.Join(of.Upstreams, ", "))
		then = append(then, "then these upstreams need theirs again")
	}
	if len(of.Webhooks) > 0 {
		lost = append(lost, "secrets of the webhooks to these receivers cannot be decrypted: "+strings.Join(of.Webhooks, ", "))
		then = append(then, "then these webhooks are disabled until their secrets are rotated")
	}
	return errors.New(strings.Join(lost, "; ") + "; nothing was changed: start with the right SECRET_KEY, or drop them with --yes, " + strings.Join(then, ", and "))
}
