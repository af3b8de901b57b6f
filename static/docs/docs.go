// Package docs holds the page of the API reference and the three files of
// Swagger UI that it loads. The module that they are copied from embeds 11 MB,
// most of it source maps: only the test imports it.
package docs

import _ "embed"

// The page, what starts Swagger UI, and our own style.
var (
	//go:embed index.html
	Index []byte
	//go:embed start.js
	Script []byte
	//go:embed page.css
	Style []byte
)

// Swagger UI's own files.
var (
	//go:embed swagger-ui/swagger-ui-bundle.js
	SwaggerScript []byte
	//go:embed swagger-ui/swagger-ui.css
	SwaggerStyle []byte
	//go:embed swagger-ui/favicon-32x32.png
	SwaggerIcon []byte
)
