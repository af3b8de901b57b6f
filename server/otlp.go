package server

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// object is a JSON object of OTLP, whose names are not in snake case.
type object map[string]any

// statusError is OTLP's number for the status of a span that failed.
const statusError = 2

// otlpTraces writes spans as OTLP has them. All of one process have the same
// resource, and all of ours the same scope.
func otlpTraces(batch []sdktrace.ReadOnlySpan) object {
	spans := make([]object, len(batch))
	for i, s := range batch {
		spans[i] = object{
			"traceId": s.SpanContext().TraceID().String(), "spanId": s.SpanContext().SpanID().String(), "name": s.Name(), "kind": int(s.SpanKind()),
			"startTimeUnixNano": strconv.FormatInt(s.StartTime().UnixNano(), 10), "endTimeUnixNano": strconv.FormatInt(s.EndTime().UnixNano(), 10),
			"attributes": otlpAttributes(s.Attributes()),
		}
		if state := s.SpanContext().TraceState(); state.Len() > 0 {
			spans[i]["traceState"] = state.String()
		}
		if s.Parent().HasSpanID() {
			spans[i]["parentSpanId"] = s.Parent().SpanID().String()
		}
		if s.Status().Code == codes.Error {
			spans[i]["status"] = object{"code": statusError}
		}
	}
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": otlpAttributes(batch[0].Resource().Attributes())},
		"scopeSpans": []object{{"scope": object{"name": batch[0].InstrumentationScope().Name}, "spans": spans}},
	}}}
}

func otlpAttributes(list []attribute.KeyValue) []object {
	attributes := make([]object, len(list))
	for i, a := range list {
		var value object
		switch a.Value.Type() {
		case attribute.INT64:
			value = object{"intValue": strconv.FormatInt(a.Value.AsInt64(), 10)}
		case attribute.FLOAT64:
			value = object{"doubleValue": a.Value.AsFloat64()}
		case attribute.BOOL:
			value = object{"boolValue": a.Value.AsBool()}
		default:
			value = object{"stringValue": a.Value.String()}
		}
		attributes[i] = object{"key": string(a.Key), "value": value}
	}
	return attributes
}
