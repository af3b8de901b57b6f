package gateway

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

var errEncoding = errors.New("an answer in an encoding that was not asked for")

// decode undoes the compression of an answer, for which nobody has asked: neither the client
// nor the gateway could read it. Encodings other than gzip are an error.
func decode(ctx context.Context, t Try, res *http.Response) error {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(res.Header.Values("Content-Encoding"), ",")))
	switch encoding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
	default:
		return sendError(ctx, t, errEncoding)
	}
	res.Header.Del("Content-Encoding")
	res.Body = &gunzipped{ReadCloser: res.Body, ctx: ctx, try: t}
	return nil
}

// gunzipped is the body of an answer that is compressed. Each read returns at once what there is.
type gunzipped struct {
	io.ReadCloser

	ctx     context.Context //nolint:containedctx // the call's, which the reads belong to
	try     Try
	decoder *gzip.Reader
}

// Read implements io.Reader.
func (g *gunzipped) Read(p []byte) (n int, err error) {
	if g.decoder == nil {
		g.decoder, err = gzip.NewReader(g.ReadCloser)
	}
	if err == nil {
		n, err = g.decoder.Read(p)
	}
	if err != nil && err != io.EOF && WordOf(err) == "" { //nolint:errorlint // a reader's EOF is never wrapped
		err = sendError(g.ctx, g.try, err)
	}
	return n, err
}
