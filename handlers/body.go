package handlers

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"codexible/fault"

	"github.com/gofiber/fiber/v2"
	"github.com/tidwall/gjson"
)

const (
	maxBodyBytes = 1 << 20
	// drainBytes is how much of a refused body is read, so that the answer reaches a client that is still sending.
	drainBytes = 8 << 20
	// readAhead is what fasthttp has read of a body before a handler runs.
	readAhead = 8 << 10
	// maxDepth is how deep objects and arrays may nest: the parsers recurse.
	maxDepth = 64
)

var (
	errNoBody    = fault.New(fault.BadRequest, "This request needs a body: a JSON object.")
	errNotJSON   = fault.New(fault.BadRequest, "The body is not valid JSON in UTF-8. Send one JSON object.")
	errNotObject = fault.New(fault.BadRequest, "The body has to be a JSON object.")
	errCutBody   = fault.New(fault.BadRequest, "The body did not arrive whole. Send the request again.")
	errMediaType = fault.New(fault.UnsupportedMediaType, "Send the body as JSON, with the header Content-Type: application/json.")
)

// body reads the request's body, 1 MiB at most, into memory of its own.
func (x *exchange) body() (string, error) {
	request := x.Request()
	length := request.Header.ContentLength()
	switch {
	case length > maxBodyBytes:
		return "", errTooBig
	case !request.IsBodyStream(), length >= 0 && length <= readAhead:
		x.bodyEnded = true
		return string(request.Body()), nil
	}
	text, err := io.ReadAll(io.LimitReader(x.Context().RequestBodyStream(), maxBodyBytes+1))
	if err != nil {
		return "", errCutBody.Because(err)
	}
	if len(text) > maxBodyBytes {
		return "", errTooBig
	}
	x.bodyEnded = true
	return string(text), nil
}

// discardBody reads what a handler left of the body: the rest would be taken
// for the next request. A connection whose body is too long to read is closed
// after the answer.
func (x *exchange) discardBody() {
	stream := x.Context().RequestBodyStream()
	length := x.Request().Header.ContentLength()
	if stream == nil || x.bodyEnded || (length >= 0 && length <= readAhead) {
		return
	}
	if _, err := io.CopyN(io.Discard, stream, drainBytes+1); !errors.Is(err, io.EOF) {
		x.Context().SetConnectionClose()
	}
}

// object gives the body as a JSON object; ok is false where there is no body,
// which is an error only where one is needed.
func (x *exchange) object(needed bool) (object gjson.Result, ok bool, err error) {
	text, err := x.body()
	switch {
	case err != nil:
		return object, false, err
	case text == "" && needed:
		return object, false, errNoBody
	case text == "":
		return object, false, nil
	case !isJSON(x.Request().Header.ContentType()):
		return object, false, errMediaType
	case !utf8.ValidString(text), tooDeep(text), !gjson.Valid(text):
		return object, false, errNotJSON
	}
	if object = gjson.Parse(text); !object.IsObject() {
		return object, false, errNotObject
	}
	return object, true, nil
}

func isJSON(contentType []byte) bool {
	mediaType, _, _ := bytes.Cut(contentType, []byte(";"))
	return strings.EqualFold(string(bytes.TrimSpace(mediaType)), fiber.MIMEApplicationJSON)
}

// tooDeep counts brackets outside of strings, before anything recurses into them.
func tooDeep(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}
