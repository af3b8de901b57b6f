package handlers

import (
	"context"
	"time"

	"codexible/limits"

	"github.com/gofiber/fiber/v2"
)

type health struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version" example:"v1.0.0"`
}

// health asks nothing but the process itself.
func (a *api) health(context.Context, nothing) (health, error) {
	return health{Status: stateOK, Version: a.Version}, nil
}

// What the parts of a readiness can be.
const (
	stateOK          = "ok"
	stateDegraded    = "degraded"
	stateUnavailable = "unavailable"
	stateDraining    = "draining"
	stateUnknown     = "unknown"
	stateDrifted     = "drifted"
	stateUnused      = "unused"
	stateLow         = "low"
)

type readiness struct {
	Status   string `json:"status" enum:"ok,degraded,unavailable,draining"`
	Database string `json:"database" enum:"ok,unavailable"`
	Schema   string `json:"schema" enum:"ok,drifted,unknown" doc:"unknown while the database is unavailable."`
	Valkey   string `json:"valkey" enum:"ok,unavailable,unused" doc:"unused if not configured. If unused or unavailable, each instance counts rate limits by itself."`
	Disk     string `json:"disk" enum:"ok,low,unavailable,unused" doc:"low: less than 256 MiB of disk space are left for the embedded database. unused on Postgres."`
}

// probeTimeout is how long a balancer waits for the database's sign of life.
const probeTimeout = 2 * time.Second

// lowDiskBytes is how little room on the disk is worth a warning: a day of
// heavy use, and the room that a WAL needs meanwhile.
const lowDiskBytes = 256 << 20

// ready answers 503 while requests would fail; Valkey away and a disk that fills
// up are no reason.
func (a *api) ready(x *exchange) error {
	ctx, cancel := context.WithTimeout(x.ctx, probeTimeout)
	defer cancel()
	r := a.readiness(ctx)
	if err := x.json(r); err != nil {
		return err
	}
	if r.Status == stateUnavailable || r.Status == stateDraining {
		x.retryAfter(time.Second)
		x.Status(fiber.StatusServiceUnavailable)
	}
	return nil
}

func (a *api) readiness(ctx context.Context) readiness {
	r := readiness{Status: stateOK, Database: stateOK, Schema: stateOK, Valkey: a.valkey(), Disk: a.disk()}
	if r.Valkey == stateUnavailable || r.Disk == stateUnavailable || r.Disk == stateLow {
		r.Status = stateDegraded
	}
	switch {
	case a.Store.Ping(ctx) != nil:
		r.Status, r.Database, r.Schema = stateUnavailable, stateUnavailable, stateUnknown
	case a.Schema != nil && a.Schema(ctx) != nil:
		r.Status, r.Schema = stateUnavailable, stateDrifted
	}
	if a.Draining != nil && a.Draining() {
		r.Status = stateDraining
	}
	return r
}

func (a *api) valkey() string {
	counter, told := a.Counter.(interface{ Mode() limits.Mode })
	switch {
	case !told || counter.Mode() == limits.ModeLocal:
		return stateUnused
	case counter.Mode() == limits.ModeDegraded:
		return stateUnavailable
	}
	return stateOK
}

func (a *api) disk() string {
	if a.DiskFree == nil {
		return stateUnused
	}
	free, err := a.DiskFree()
	switch {
	case err != nil:
		return stateUnavailable
	case free < lowDiskBytes:
		return stateLow
	}
	return stateOK
}
