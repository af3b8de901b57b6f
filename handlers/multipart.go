package handlers

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"codexible/fault"

	"github.com/gofiber/fiber/v2"
)

// maxParts is how many fields a form with a file may have.
const maxParts = 16

var errParts = fault.New(fault.BadRequest, "The form cannot be read. Go back, reload the page and send the form again.")

// isFormType reports whether a route takes forms of a media type: those with a file only where it takes files.
func (r *route) isFormType(mediaType string) bool {
	return mediaType == fiber.MIMEApplicationForm || r.files && mediaType == fiber.MIMEMultipartForm
}

// parseForm reads a form, and the file that may come with it. Its body was bounded before.
func (x *exchange) parseForm(body string) (form url.Values, file []byte, err error) {
	mediaType, parameters, _ := mime.ParseMediaType(x.Get(fiber.HeaderContentType))
	if mediaType != fiber.MIMEMultipartForm {
		form, err = url.ParseQuery(body)
		return form, nil, err
	}
	form = url.Values{}
	parts := multipart.NewReader(strings.NewReader(body), parameters["boundary"])
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return form, file, nil
		case err != nil:
			return nil, nil, err
		case n == maxParts:
			return nil, nil, errParts
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		if part.FileName() != "" {
			file = content
			continue
		}
		form.Add(part.FormName(), string(content))
	}
}
