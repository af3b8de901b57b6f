package accounts

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"codexible/fault"

	"github.com/alexedwards/argon2id"
)

// Bounds of a console password, in characters. The upper one keeps a sign-in
// from hashing a megabyte.
const (
	MinPasswordLength = 12
	MaxPasswordLength = 1000
)

// passwordCost is OWASP's argon2id of 19 MiB: about 25 ms on one core.
var passwordCost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// lane bounds the memory and cores that passwords take at once.
type lane chan struct{}

// However many people sign in or guess, two passwords of strangers are hashed at
// once, and beside them one of those whom the service knows: strangers cannot
// fill the lane of the known.
var (
	strangers = make(lane, 2)
	known     = make(lane, 1)
)

// HashPassword checks a new console password and gives its argon2id hash in PHC
// form, with a salt of its own. Who may set a password is known to the service
// and has the lane of the known. A password that is too short or too long is a
// fault of kind Invalid; one that had to wait until ctx ended is Unavailable.
func HashPassword(ctx context.Context, password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < MinPasswordLength || n > MaxPasswordLength {
		return "", fault.Field("password", fmt.Sprintf("must have %d to %d characters: a few words in a row are easy to remember", MinPasswordLength, MaxPasswordLength))
	}
	if err := known.takeTurn(ctx); err != nil {
		return "", err
	}
	defer known.endTurn()
	return argon2id.CreateHash(password, &passwordCost)
}

// nobody is the hash that a password is compared with where the user does not exist or
// the user has no password, so that the answer takes as long as any other.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// CheckPassword reports whether a password belongs to a hash. It compares in
// constant time, and takes as long for an empty hash, which no password belongs
// to: a caller who finds no user asks with that. An error is a fault of ours.
func CheckPassword(ctx context.Context, password, hash string) (bool, error) {
	return strangers.check(ctx, password, hash)
}

// CheckKnownPassword is CheckPassword for who is signed in, or comes with a
// browser on which the user signed in before: it waits for no stranger.
func CheckKnownPassword(ctx context.Context, password, hash string) (bool, error) {
	return known.check(ctx, password, hash)
}

func (l lane) check(ctx context.Context, password, hash string) (bool, error) {
	if utf8.RuneCountInString(password) > MaxPasswordLength {
		password = "" // which nobody can have
	}
	given := hash != ""
	if !given {
		hash = nobody
	}
	if err := l.takeTurn(ctx); err != nil {
		return false, err
	}
	defer l.endTurn()
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("accounts: a stored password hash cannot be read: %w", err)
	}
	return match && given, nil
}

func (l lane) takeTurn(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errCrowded.Because(ctx.Err())
	}
}

func (l lane) endTurn() { <-l }

var errCrowded = &fault.Error{Kind: fault.Unavailable, RetryAfter: crowdedFor, Message: "Too many passwords are being checked. Nothing was changed; try again shortly."}

// crowdedFor is when another try makes sense.
const crowdedFor = 2 * time.Second
