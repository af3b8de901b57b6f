package valkey

import (
	"context"
	"os"
	"testing"
	"time"

	"codexible/gateway"

	"github.com/google/uuid"
)

func TestInstancesShareThePlaceOfASessionForAnHour(t *testing.T) {
	server := openTestServer(t)
	one, two := server.Places(), open(t, os.Getenv("CODEXIBLE_TEST_VALKEY")).Places()
	id := newID()
	session := [32]byte(append(id[:], id[:]...))
	place := gateway.Place{Upstream: uuid.New(), Key: uuid.New()}
	expect := func(says string, want gateway.Place) {
		t.Helper()
		if got, err := two.Place(t.Context(), session); err != nil || got != want {
			t.Errorf("%s: %v, %v", says, got, err)
		}
	}
	expect("not known", gateway.Place{})
	for _, p := range []gateway.Place{place, {Upstream: place.Upstream}} {
		if err := one.PutPlace(t.Context(), session, p); err != nil {
			t.Fatal(err)
		}
		expect("put", p)
		if left := do(t, server, "TTL", placeKey(session)); left < 3590 || left > 3600 {
			t.Errorf("it expires after %d seconds", left)
		}
	}
	if err := one.DropPlace(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	expect("dropped", gateway.Place{})
	if err := server.general.Do(t.Context(), server.general.B().Set().Key(placeKey(session)).Value("not a place").Ex(time.Minute).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	expect("not ours", gateway.Place{})
}

func TestPlacesOfAServerThatIsAwayAreErrorsWithinTheCallersTime(t *testing.T) {
	p := startProcess(t)
	server := open(t, p.url())
	p.kill()
	places := server.Places()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := places.Place(ctx, [32]byte{})
	if took := time.Since(begun); err == nil || took > time.Second {
		t.Errorf("the place: %v after %s", err, took)
	}
	if err := places.PutPlace(ctx, [32]byte{}, gateway.Place{}); err == nil {
		t.Error("a place is put")
	}
	if err := places.DropPlace(ctx, [32]byte{}); err == nil {
		t.Error("a place is dropped")
	}
}
