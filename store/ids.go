package store

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ids mints UUIDs of version 7 (RFC 9562) whose order is the order of minting:
// 48 bits of milliseconds, and in rand_a the 4096ths of the millisecond. Two ids
// of one instant get consecutive ticks, so lists are newest first by id alone.
type ids struct {
	mu   sync.Mutex
	last int64
}

const (
	ticksPerMilli = 4096
	// maxLead is how far minting may run ahead of the clock before the clock is
	// taken to have been set back.
	maxLead = 1000 * ticksPerMilli
)

func (g *ids) mint(at time.Time) uuid.UUID {
	tick := at.UnixMilli()*ticksPerMilli + int64(at.Nanosecond())%int64(time.Millisecond)*ticksPerMilli/int64(time.Millisecond)
	g.mu.Lock()
	if ahead := g.last - tick; ahead >= 0 && ahead < maxLead {
		tick = g.last + 1
	}
	g.last = tick
	g.mu.Unlock()
	return uuidAt(tick)
}

func uuidAt(tick int64) (id uuid.UUID) {
	_, _ = rand.Read(id[8:])
	binary.BigEndian.PutUint64(id[:8], uint64(tick/ticksPerMilli)<<16|0x7000|uint64(tick%ticksPerMilli))
	id[8] = id[8]&0x3f | 0x80
	return id
}

// firstID is the least id that an instant can have: the bound of a range by time.
// Before 1970 there are no ids.
func firstID(at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(max(at.UnixMilli(), 0))<<16|0x7000)
	id[8] = 0x80
	return id
}

// rowID folds the time of an id into an integer of the same order: 60 bits of
// its tick and 3 of its randomness. It numbers the rows of a full-text table,
// where ids of one number make room for each other.
func rowID(id uuid.UUID) int64 {
	high := binary.BigEndian.Uint64(id[:8])
	tick := high>>16<<12 | high&0xfff
	return int64(tick<<3 | uint64(id[8]>>3&7))
}
