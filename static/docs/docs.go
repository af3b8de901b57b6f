// Package docs holds the page of the API reference. Swagger UI itself comes
// with its module; what it is started with is ours.
package docs

import _ "embed"

// The page and what it loads beside Swagger UI's own files.
var (
	//go:embed index.html
	Index []byte
	//go:embed start.js
	Script []byte
	//go:embed page.css
	Style []byte
)
