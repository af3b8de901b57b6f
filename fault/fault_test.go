package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/fault"

	"github.com/google/go-cmp/cmp"
)

func TestKindsHaveTheCodesOfTheContract(t *testing.T) {
	want := []string{"internal_error", "bad_request", "unauthorized", "forbidden", "insufficient_scope", "ip_not_allowed", "not_found", "method_not_allowed", "conflict", "payload_too_large",
		"unsupported_media_type", "validation_failed", "rate_limited", "quota_exceeded", "service_unavailable"}
	var got []string
	for _, k := range fault.Kinds() {
		got = append(got, k.Code())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if code := fault.Kind(200).Code(); code != "internal_error" {
		t.Errorf("a kind that does not exist has the code %q", code)
	}
}

func TestAnErrorNobodyClassifiedIsInternalAndSaysNothing(t *testing.T) {
	cause := errors.New("SELECT secret FROM vault")
	f := fault.As(cause)
	if f.Kind != fault.Internal || (&fault.Error{}).Kind != fault.Internal || fault.KindOf(cause) != fault.Internal {
		t.Errorf("the kind is %s", f.Kind.Code())
	}
	if strings.Contains(f.Message, "SELECT") || f.Message == "" {
		t.Errorf("the message is %q", f.Message)
	}
	if !errors.Is(f, cause) {
		t.Error("the cause is lost to the log")
	}
}

func TestTheCauseIsForTheLogAlone(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.5: refused")
	f := fault.New(fault.Conflict, "Try again.").Because(cause)
	if f.Message != "Try again." || f.Error() != "Try again.: dial tcp 10.0.0.5: refused" || !errors.Is(f, cause) {
		t.Errorf("%q, %q", f.Message, f)
	}
	if got := fault.Newf(fault.NotFound, "No %s.", "plan").Error(); got != "No plan." {
		t.Errorf("without a cause the text is %q", got)
	}
}

func TestASentinelIsFoundAgainWithACauseAndThroughWrapping(t *testing.T) {
	sentinel := fault.New(fault.NotFound, "This key does not exist.")
	found := fmt.Errorf("reading a key: %w", sentinel.Because(errors.New("no rows")))
	if !errors.Is(found, sentinel) || fault.KindOf(found) != fault.NotFound {
		t.Errorf("%v is not %v", found, sentinel)
	}
	for _, other := range []error{fault.New(fault.Conflict, "This key does not exist."), fault.New(fault.NotFound, "This user does not exist."), errors.New("this key does not exist")} {
		if errors.Is(found, other) {
			t.Errorf("%v passes for %v", found, other)
		}
	}
	if sentinel.Unwrap() != nil {
		t.Error("Because changed the sentinel")
	}
}

func TestWrongFieldsAreAllNamedAtOnce(t *testing.T) {
	f := fault.InvalidFields(map[string]string{"plan": "is required", "email": "must be an e-mail address"})
	want := &fault.Error{Kind: fault.Invalid, Message: "Correct these fields and send the request again: email must be an e-mail address; plan is required.",
		Fields: map[string]string{"plan": "is required", "email": "must be an e-mail address"}}
	if diff := cmp.Diff(want.Message, f.Message) + cmp.Diff(want.Fields, f.Fields); diff != "" || f.Kind != fault.Invalid {
		t.Error(f.Kind.Code(), diff)
	}
	if one := fault.Field("days", "must be 1 to 365"); one.Fields["days"] != "must be 1 to 365" || one.Kind != fault.Invalid {
		t.Errorf("%v", one)
	}
}

func TestStorageThatIsAwayAsksToTryAgain(t *testing.T) {
	f := fault.Away(errors.New("dial tcp 10.0.0.5: refused"))
	if f.Kind != fault.Unavailable || f.RetryAfter != time.Second || strings.Contains(f.Message, "10.0.0.5") || strings.Contains(f.Message, "idempotency") {
		t.Errorf("%v", f)
	}
}

func TestTheEndOfAContextIsNoBug(t *testing.T) {
	for _, cause := range []error{context.DeadlineExceeded, context.Canceled, fmt.Errorf("render: %w", context.DeadlineExceeded)} {
		if f := fault.As(cause); f.Kind != fault.Unavailable || f.RetryAfter == 0 || strings.Contains(f.Message, "context") || !errors.Is(f, cause) {
			t.Errorf("%v is %v %q", cause, f.Kind, f.Message)
		}
	}
}
