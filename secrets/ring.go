package secrets

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Ring is the keys that a service has: the current one, from its configuration
// or from a file beside the embedded database, and those that are read beside
// it. It is safe for concurrent use; a nil Ring has no key.
type Ring struct {
	current  Key
	previous []Key
	// file holds the key where none is configured; empty for no file.
	file string

	mu     sync.Mutex
	loaded Key
}

// NewRing makes a Ring of the configured keys, each of which may be none, and
// the file in which the embedded database keeps its key; empty for Postgres.
// The file's key is the current one where none is configured, and else is read beside it.
func NewRing(current, previous Key, file string) *Ring {
	r := &Ring{current: current, file: file}
	if !previous.IsZero() {
		r.previous = append(r.previous, previous)
	}
	return r
}

// Current returns the key that encrypts. create makes the file's key if it does not
// exist; ErrNoKey without a key.
func (r *Ring) Current(create bool) (Key, error) {
	if r == nil {
		return Key{}, ErrNoKey
	}
	if !r.current.IsZero() {
		return r.current, nil
	}
	k, err := r.fromFile(create)
	if err == nil && k.IsZero() {
		err = ErrNoKey
	}
	return k, err
}

func (r *Ring) fromFile(create bool) (Key, error) {
	if r.file == "" {
		return Key{}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded.IsZero() {
		return r.loaded, nil
	}
	k, err := readFile(r.file)
	if err == nil && k.IsZero() && create {
		k, err = makeFile(r.file)
	}
	r.loaded = k
	return k, err
}

// Keys lists every key, the current one first.
func (r *Ring) Keys() ([]Key, error) {
	if r == nil {
		return nil, nil
	}
	var all []Key
	if !r.current.IsZero() {
		all = append(all, r.current)
	}
	k, err := r.fromFile(false)
	if !k.IsZero() {
		all = append(all, k)
	}
	return append(all, r.previous...), err
}

// ByFingerprint finds a key; ErrOtherKey where this service does not have it.
func (r *Ring) ByFingerprint(fingerprint []byte) (Key, error) {
	all, err := r.Keys()
	if err != nil {
		return Key{}, err
	}
	for _, k := range all {
		if k.Has(fingerprint) {
			return k, nil
		}
	}
	return Key{}, ErrOtherKey
}

// Open decrypts what was sealed for a place: ErrOtherKey where no key of this
// Ring did it, ErrBroken where it is not what was stored there.
func (r *Ring) Open(at Place, sealed string) (string, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return "", ErrBroken.Because(fmt.Errorf("secrets: %s.%s of a row is not in a form of this version", at.Table, at.Column))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return "", ErrBroken.Because(err)
	}
	all, err := r.Keys()
	if err != nil {
		return "", err
	}
	answer := error(ErrOtherKey)
	for _, k := range all {
		if k.id() != parts[1] {
			continue
		}
		plain, err := k.open(at, raw)
		if err == nil {
			return plain, nil
		}
		answer = err
	}
	return "", answer
}

// Unreadable reports whether an error of Open concerns this one secret, not the service.
func Unreadable(err error) bool { return errors.Is(err, ErrOtherKey) || errors.Is(err, ErrBroken) }
