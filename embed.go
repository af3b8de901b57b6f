package main

import (
	"embed"
	"io/fs"

	"codexible/store"
)

//go:embed schema.hcl
var schemaHCL []byte

// thirdPartyLicences is what make licences writes.
//
//go:embed third-party-licences.txt
var thirdPartyLicences string

//go:embed store/migrations
var migrationFiles embed.FS

// schemaFiles is what the binary knows of its database.
func schemaFiles() store.Files {
	migrations, err := fs.Sub(migrationFiles, "store/migrations")
	if err != nil {
		panic(err) // the pattern above embeds this folder, or nothing compiles
	}
	return store.Files{Schema: schemaHCL, Migrations: migrations}
}
