package handlers

import (
	"strings"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// exchange implements openapi.Source; BodyObject is in body.go.
var _ openapi.Source = (*exchange)(nil)

// PathID returns an id in the path. One that is no UUID is answered exactly as an
// id that does not exist.
func (x *exchange) PathID(name string) (uuid.UUID, error) {
	text := x.Params(name)
	id, ok := openapi.ParseID(text)
	if !ok {
		if strings.HasPrefix(x.route.path, "/api/admin/users/:"+name) {
			return x.userID(text)
		}
		return id, noSuch(x.route.path, name)
	}
	return id, nil
}

// HeaderValues returns every value of a header.
func (x *exchange) HeaderValues(name string) [][]byte { return x.Request().Header.PeekAll(name) }

// QueryValues returns every value of a query parameter.
func (x *exchange) QueryValues(name string) [][]byte { return x.Context().QueryArgs().PeekMulti(name) }

// noSuch is the error for an id that does not exist, by what stands before the
// parameter in the route's path.
func noSuch(path, name string) error {
	before, _, _ := strings.Cut(path, "/:"+name)
	switch before[strings.LastIndexByte(before, '/')+1:] {
	case "keys", "tokens":
		return keys.ErrNotFound
	case "users":
		return accounts.ErrUserNotFound
	case "plans":
		return accounts.ErrPlanNotFound
	case "models":
		return catalog.ErrModelNotFound
	case "upstreams":
		return gateway.ErrUpstreamNotFound
	case "webhooks":
		return events.ErrWebhookNotFound
	case "deliveries":
		return events.ErrDeliveryNotFound
	case "requests":
		return store.ErrNoRequest
	case "holds":
		return usage.ErrNoHold
	case "grants":
		return usage.ErrNoGrant
	case "charges":
		return usage.ErrNoCharge
	}
	return errNoSuchID
}

var errNoSuchID = fault.New(fault.NotFound, "This id does not exist.")
