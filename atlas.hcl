// For use with the Atlas CLI: what is declared, and
// the migrations that lead there, on Postgres. The service needs none of this:
// `make migration` plans a step for both databases, `codexible migrate` applies it.
//
//     atlas schema diff --env postgres --from env://url --to env://src

variable "url" {
  type    = string
  default = getenv("DATABASE_URL")
}

// An empty database that Atlas may use as it likes.
variable "dev_url" {
  type    = string
  default = getenv("DEV_DATABASE_URL")
}

env "postgres" {
  src = "file://schema.hcl"
  url = var.url
  dev = var.dev_url
  migration {
    dir = "file://store/migrations/postgres?format=goose"
  }
}
