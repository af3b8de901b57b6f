// The tables of Codexible, declared once, in Postgres's own types. SQLite gets
// the same tables through the mapper in store/schema.go. Migrations are planned
// from this file (make migration NAME=what_changes) and never written first.
//
// Primary keys of the ledger start with the day: the rows of the current day lie
// together, so a batch writes the same few pages whether the ledger holds a week
// or ten years.

schema "public" {}

// What customers can use. Archived plans get no new users.
table "plans" {
  schema = schema.public
  column "id" { type = uuid }
  column "name" { type = text }
  // Compared without case; unique.
  column "name_folded" { type = text }
  column "daily_credit_limit" { type = bigint }
  column "price_cents" { type = bigint }
  column "rate_limit_per_minute" { type = bigint }
  // A JSON object, kept as it was given.
  column "features" { type = text }
  column "archived" { type = boolean }
  column "created_at" { type = timestamptz }
  // The most keys a user may have that are not revoked.
  column "max_keys" {
    type    = bigint
    default = 20
  }
  // Requests a minute of all keys of a user together; null for no such limit.
  column "user_rate_limit_per_minute" {
    type = bigint
    null = true
  }
  // Credits a calendar month; null for no such limit.
  column "monthly_credit_limit" {
    type = bigint
    null = true
  }
  // Open holds of all keys of a user together; null for no such limit.
  column "user_concurrency_limit" {
    type = bigint
    null = true
  }
  // The place in lists, the lowest first.
  column "position" {
    type    = bigint
    default = 0
  }
  // The plan that a new user gets where none is chosen; at most one.
  column "is_default" {
    type    = boolean
    default = false
  }
  // The names of the models that the plan may use, separated by blanks; null for all.
  column "models" {
    type = text
    null = true
  }
  primary_key { columns = [column.id] }
  index "plans_name" {
    unique  = true
    columns = [column.name_folded]
  }
  index "plans_is_default" {
    unique  = true
    columns = [column.is_default]
    where   = "is_default"
  }
  check "plans_daily_credit_limit" { expr = "daily_credit_limit >= 0" }
  check "plans_price_cents" { expr = "price_cents >= 0" }
  check "plans_rate_limit_per_minute" { expr = "rate_limit_per_minute >= 1" }
  check "plans_max_keys" { expr = "max_keys >= 1 AND max_keys <= 10000" }
  check "plans_monthly_credit_limit" { expr = "monthly_credit_limit IS NULL OR monthly_credit_limit >= 0" }
  check "plans_user_concurrency_limit" { expr = "user_concurrency_limit IS NULL OR user_concurrency_limit >= 1" }
  check "plans_user_rate_limit_per_minute" { expr = "user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1" }
}

// Customers, services and operators. Suspended, never deleted.
table "users" {
  schema = schema.public
  column "id" { type = uuid }
  column "email" { type = text }
  column "email_folded" { type = text }
  // Empty where none was given.
  column "name" { type = text }
  column "plan_id" { type = uuid }
  column "role" { type = text }
  column "status" { type = text }
  // argon2id in PHC form; empty where the user has no console sign-in.
  column "password_hash" { type = text }
  column "created_at" { type = timestamptz }
  // E-mail, name and external id without case, for searches.
  column "search" { type = text }
  // The operator's own id of the user; null where none was given.
  column "external_id" {
    type = text
    null = true
  }
  // A JSON object, kept as it was given.
  column "metadata" {
    type    = text
    default = "{}"
  }
  // What operators noted; the user never sees it.
  column "note" {
    type    = text
    default = ""
  }
  // When what is known of the person was removed; null for everybody else.
  column "erased_at" {
    type = timestamptz
    null = true
  }
  primary_key { columns = [column.id] }
  foreign_key "users_plan" {
    columns     = [column.plan_id]
    ref_columns = [table.plans.column.id]
    on_delete   = RESTRICT
  }
  index "users_email" {
    unique  = true
    columns = [column.email_folded]
  }
  index "users_search" {
    type = GIN
    on {
      column = column.search
      ops    = sql("gin_trgm_ops")
    }
  }
  index "users_plan_id" { columns = [column.plan_id, column.id] }
  index "users_external_id" {
    unique  = true
    columns = [column.external_id]
    where   = "external_id IS NOT NULL"
  }
  index "users_role" { columns = [column.role, column.id] }
  index "users_status" { columns = [column.status, column.id] }
  check "users_role" { expr = "role IN ('user', 'service', 'admin', 'viewer')" }
  check "users_status" { expr = "status IN ('active', 'suspended')" }
}

// A key without its secret.
table "api_keys" {
  schema = schema.public
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "prefix" { type = text }
  column "label" { type = text }
  column "status" { type = text }
  column "created_at" { type = timestamptz }
  column "last_used_at" {
    type = timestamptz
    null = true
  }
  column "expires_at" {
    type = timestamptz
    null = true
  }
  column "revoked_at" {
    type = timestamptz
    null = true
  }
  // The label and the prefix without case, for searches. The owner's e-mail and name
  // are searched in users: a change of a user changes none of the user's keys.
  column "search" { type = text }
  // What the key may do: scopes in a fixed order, separated by blanks.
  column "scopes" {
    type    = text
    default = ""
  }
  // The networks that the key may be used from: CIDRs separated by blanks; empty for any.
  column "allowed_addresses" {
    type    = text
    default = ""
  }
  // Who made the key: an e-mail, or "cli", "system" or "setup"; empty where that was not recorded.
  column "created_by" {
    type    = text
    default = ""
  }
  // The key that created this one; null if a person or the command line did.
  column "created_by_key_id" {
    type = uuid
    null = true
  }
  // The key's own limits beside the plan's; null for none.
  column "daily_credit_limit" {
    type = bigint
    null = true
  }
  column "rate_limit_per_minute" {
    type = bigint
    null = true
  }
  column "concurrency_limit" {
    type = bigint
    null = true
  }
  // The names of the models that the key may use, separated by blanks; null for all that the plan may.
  column "models" {
    type = text
    null = true
  }
  // A JSON object, kept as it was given.
  column "metadata" {
    type    = text
    default = "{}"
  }
  primary_key { columns = [column.id] }
  foreign_key "api_keys_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  index "api_keys_search" {
    type = GIN
    on {
      column = column.search
      ops    = sql("gin_trgm_ops")
    }
  }
  index "api_keys_user_id" { columns = [column.user_id, column.id] }
  // A user's active keys, however many were revoked before them.
  index "api_keys_user_status" { columns = [column.user_id, column.status, column.id] }
  index "api_keys_status" { columns = [column.status, column.id] }
  // The keys that expire soon.
  index "api_keys_expires_at" {
    columns = [column.expires_at, column.id]
    where   = "expires_at IS NOT NULL AND status <> 'revoked'"
  }
  // Unused keys, the longest idle first.
  index "api_keys_last_used_at" { columns = [column.status, column.last_used_at, column.id] }
  // The keys that a key created, for revoking them with it.
  index "api_keys_created_by_key_id" {
    columns = [column.created_by_key_id, column.id]
    where   = "created_by_key_id IS NOT NULL"
  }
  // The keys whose limits a charge or hold is decided on.
  index "api_keys_limited" {
    columns = [column.user_id, column.id]
    where   = "daily_credit_limit IS NOT NULL OR concurrency_limit IS NOT NULL"
  }
  check "api_keys_daily_credit_limit" { expr = "daily_credit_limit IS NULL OR daily_credit_limit >= 0" }
  check "api_keys_rate_limit_per_minute" { expr = "rate_limit_per_minute IS NULL OR rate_limit_per_minute >= 1" }
  check "api_keys_concurrency_limit" { expr = "concurrency_limit IS NULL OR concurrency_limit >= 1" }
  check "api_keys_status" { expr = "status IN ('active', 'disabled', 'revoked')" }
  check "api_keys_revoked_at" { expr = "((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))" }
}

// The hashes that a key accepts: its own secret's, and during a grace the one that
// a rotation replaced. Looking a key up is one read of this primary key.
table "key_secrets" {
  schema = schema.public
  column "hash" { type = bytea }
  column "key_id" { type = uuid }
  // When a rotated secret stops; null for the key's own.
  column "ends_at" {
    type = timestamptz
    null = true
  }
  primary_key { columns = [column.hash] }
  foreign_key "key_secrets_key" {
    columns     = [column.key_id]
    ref_columns = [table.api_keys.column.id]
    on_delete   = CASCADE
  }
  // One live secret per key, and at most one in its grace.
  index "key_secrets_own" {
    unique  = true
    columns = [column.key_id]
    where   = "ends_at IS NULL"
  }
  index "key_secrets_key_id" { columns = [column.key_id] }
}

// The single charges, in the order of time: ids are UUIDs of version 7, so a
// batch appends to one end of the table and a retention removes from the other.
// An index by user would make each charge write a page of its own; instead each
// charge names its user's charge before it, and user_days the last one of a day
// (see store/charges.go). The user and the key are held by the foreign keys of
// the totals, which the same transaction writes.
table "usage" {
  schema = schema.public
  column "id" { type = uuid }
  column "day" { type = date }
  column "user_id" { type = uuid }
  column "key_id" { type = uuid }
  // The user's charge before this one; null for the first.
  column "previous_id" {
    type = uuid
    null = true
  }
  column "created_at" { type = timestamptz }
  column "credits" { type = bigint }
  column "model" { type = text }
  column "prompt_tokens" { type = bigint }
  column "completion_tokens" { type = bigint }
  column "cost_micros" { type = bigint }
  // What the charge cost beyond its whole credits, in millionths of a credit: credits is by
  // how much the charge moved the day's rounded sum. 0 for a charge by hand; it may be negative.
  column "millionths" {
    type    = bigint
    default = 0
  }
  // The part of the credits that grants gave.
  column "granted" {
    type    = bigint
    default = 0
  }
  // What did not fit, in millionths of a credit.
  column "uncollected" {
    type    = bigint
    default = 0
  }
  // The charge that this row adjusts, which counts as no request; null for a charge.
  column "adjusts_id" {
    type = uuid
    null = true
  }
  // The price that made the credits and the cost of the tokens; null for a charge by hand.
  column "price_id" {
    type = uuid
    null = true
  }
  // What the call used, as usage.Tokens writes it; null for a charge by hand.
  column "tokens" {
    type = text
    null = true
  }
  // The call of the gateway that the charge is for, which has the id of its hold; null for others.
  column "request_id" {
    type = uuid
    null = true
  }
  // How the call ended, and where its tokens come from; null where there is no request_id.
  column "outcome" {
    type = text
    null = true
  }
  column "source" {
    type = text
    null = true
  }
  // The upstream that served the call; null where none did.
  column "upstream_id" {
    type = uuid
    null = true
  }
  primary_key { columns = [column.id] }
  // An adjustment may belong to a day before that of its id. Charges are not in the index.
  index "usage_adjustments" {
    columns = [column.day, column.adjusts_id]
    where   = "adjusts_id IS NOT NULL"
  }
  check "usage_amounts" { expr = "prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0 AND (adjusts_id IS NOT NULL OR (credits >= 0 AND granted >= 0 AND uncollected >= 0))" }
}

// The usage of a model with a key on a day. Kept for ever.
table "daily_usage" {
  schema = schema.public
  column "day" { type = date }
  column "user_id" { type = uuid }
  column "key_id" { type = uuid }
  column "model" { type = text }
  column "requests" { type = bigint }
  column "credits" { type = bigint }
  column "prompt_tokens" { type = bigint }
  column "completion_tokens" { type = bigint }
  column "cost_micros" { type = bigint }
  primary_key { columns = [column.day, column.user_id, column.key_id, column.model] }
  foreign_key "daily_usage_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  foreign_key "daily_usage_key" {
    columns     = [column.key_id]
    ref_columns = [table.api_keys.column.id]
    on_delete   = RESTRICT
  }
  index "daily_usage_user_id_day" { columns = [column.user_id, column.day] }
  check "daily_usage_amounts" { expr = "requests >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0" }
}

// What the calls of a key used of a model on a day at one price, beside daily_usage, which
// counts them too. Charges by hand are not in it. Kept for ever.
table "daily_tokens" {
  schema = schema.public
  column "day" { type = date }
  column "user_id" { type = uuid }
  column "key_id" { type = uuid }
  column "model" { type = text }
  column "price_id" { type = uuid }
  column "requests" { type = bigint }
  // Whole credits, as in daily_usage; at the credit value of the price they are the income.
  column "credits" { type = bigint }
  column "cost_micros" { type = bigint }
  // All that the models read and wrote; the buckets below are parts of them.
  column "prompt_tokens" { type = bigint }
  column "completion_tokens" { type = bigint }
  column "cache_read" { type = bigint }
  column "cache_write" { type = bigint }
  column "cache_write_1h" { type = bigint }
  column "audio_input" { type = bigint }
  column "audio_output" { type = bigint }
  column "reasoning" { type = bigint }
  column "web_searches" { type = bigint }
  primary_key { columns = [column.day, column.user_id, column.key_id, column.model, column.price_id] }
  foreign_key "daily_tokens_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  foreign_key "daily_tokens_key" {
    columns     = [column.key_id]
    ref_columns = [table.api_keys.column.id]
    on_delete   = RESTRICT
  }
  foreign_key "daily_tokens_price" {
    columns     = [column.price_id]
    ref_columns = [table.prices.column.id]
    on_delete   = RESTRICT
  }
  index "daily_tokens_user_id_day" { columns = [column.user_id, column.day] }
  check "daily_tokens_amounts" { expr = "requests >= 0 AND cost_micros >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0" }
}

// What is offered to customers.
table "models" {
  schema = schema.public
  column "id" { type = uuid }
  // What clients ask for; unique, also among the aliases of all models.
  column "name" { type = text }
  // Other names of it, separated by blanks.
  column "aliases" { type = text }
  column "display_name" { type = text }
  column "description" { type = text }
  // The most tokens that a call may read and write together; null where it is not known.
  column "context_window" {
    type = bigint
    null = true
  }
  // How many tokens of output are set aside for a call.
  column "output_allowance" { type = bigint }
  // The ids of the plans that see and use it, separated by blanks; null for all.
  column "plans" {
    type = text
    null = true
  }
  // What happens to a stream that has no credits left: finish or stop.
  column "overrun" {
    type    = text
    default = "finish"
  }
  // Tools that the provider runs and that a call may use, separated by blanks.
  column "hosted_tools" {
    type    = text
    default = ""
  }
  column "created_at" { type = timestamptz }
  primary_key { columns = [column.id] }
  index "models_name" {
    unique  = true
    columns = [column.name]
  }
  check "models_overrun" { expr = "overrun IN ('finish', 'stop')" }
  check "models_output_allowance" { expr = "output_allowance >= 1" }
  check "models_context_window" { expr = "context_window IS NULL OR context_window >= 1" }
}

// Where calls to models go: the providers, or other gateways.
table "upstreams" {
  schema = schema.public
  column "id" { type = uuid }
  column "name" { type = text }
  // Compared without case; unique.
  column "name_folded" { type = text }
  column "kind" { type = text }
  // What stands before /chat/completions, /responses and /messages.
  column "base_url" { type = text }
  // The wires that it serves, separated by blanks.
  column "wires" { type = text }
  // Headers that every call gets, as a JSON object, encrypted with the SECRET_KEY (package secrets); empty for none.
  column "headers" { type = text }
  column "weight" { type = bigint }
  // The place in the order of tries, the lowest first.
  column "priority" { type = bigint }
  column "first_byte_seconds" { type = bigint }
  column "idle_seconds" { type = bigint }
  // Whether a call whose client has left is cancelled, or read to its end.
  column "on_client_gone" { type = text }
  // The most that a UTC day's calls may cost, in micro-dollars; null for no limit.
  column "daily_limit_micros" {
    type = bigint
    null = true
  }
  // Whether requests may refer to what the provider keeps.
  column "shared_state" { type = boolean }
  column "enabled" { type = boolean }
  column "created_at" { type = timestamptz }
  primary_key { columns = [column.id] }
  index "upstreams_name" {
    unique  = true
    columns = [column.name_folded]
  }
  check "upstreams_kind" { expr = "kind IN ('openai', 'anthropic', 'compatible')" }
  check "upstreams_on_client_gone" { expr = "on_client_gone IN ('cancel', 'drain')" }
  check "upstreams_amounts" { expr = "weight >= 0 AND priority >= 1 AND first_byte_seconds >= 1 AND idle_seconds >= 1 AND (daily_limit_micros IS NULL OR daily_limit_micros >= 0)" }
}

// The credentials of upstreams.
table "upstream_keys" {
  schema = schema.public
  column "id" { type = uuid }
  column "upstream_id" { type = uuid }
  column "name" { type = text }
  // The place in the order of tries.
  column "position" { type = bigint }
  // stored, env or file.
  column "source" { type = text }
  // The key, encrypted with the SECRET_KEY (package secrets); empty for a reference.
  column "secret" { type = text }
  // The name of the environment variable or file; empty for a stored key.
  column "reference" { type = text }
  // The last four characters of a stored key.
  column "ends_with" { type = text }
  // When the provider refused the key, and its answer's status in words; null while it is used.
  column "disabled_at" {
    type = timestamptz
    null = true
  }
  column "disabled_reason" {
    type    = text
    default = ""
  }
  primary_key { columns = [column.id] }
  foreign_key "upstream_keys_upstream" {
    columns     = [column.upstream_id]
    ref_columns = [table.upstreams.column.id]
    on_delete   = CASCADE
  }
  index "upstream_keys_name" {
    unique  = true
    columns = [column.upstream_id, column.name]
  }
  check "upstream_keys_source" { expr = "source IN ('stored', 'env', 'file')" }
}

// Which upstreams serve a model.
table "model_candidates" {
  schema = schema.public
  column "model_id" { type = uuid }
  column "upstream_id" { type = uuid }
  // The upstream's own name for the model; empty where it is the same.
  column "model" { type = text }
  // The place in the model's list.
  column "position" { type = bigint }
  column "weight" { type = bigint }
  column "priority" { type = bigint }
  primary_key { columns = [column.model_id, column.position] }
  foreign_key "model_candidates_model" {
    columns     = [column.model_id]
    ref_columns = [table.models.column.id]
    on_delete   = CASCADE
  }
  foreign_key "model_candidates_upstream" {
    columns     = [column.upstream_id]
    ref_columns = [table.upstreams.column.id]
    on_delete   = RESTRICT
  }
  index "model_candidates_upstream_id" { columns = [column.upstream_id] }
  check "model_candidates_amounts" { expr = "weight >= 0 AND priority >= 1" }
}

// What the calls of a UTC day to an upstream cost. Kept for ever.
table "upstream_days" {
  schema = schema.public
  column "day" { type = date }
  column "upstream_id" { type = uuid }
  // Attempts, and those of them that failed.
  column "requests" { type = bigint }
  column "failures" { type = bigint }
  column "cost_micros" { type = bigint }
  primary_key { columns = [column.day, column.upstream_id] }
  check "upstream_days_amounts" { expr = "requests >= 0 AND failures >= 0 AND cost_micros >= 0" }
}

// The log of the gateway's calls, refused and failed ones included; nothing of their
// content. Written in batches, kept REQUEST_LOG_RETENTION_DAYS. The books are in usage.
table "requests" {
  schema = schema.public
  // A version 7 UUID: the order of ids is that of time. The call's hold has the same id.
  column "id" { type = uuid }
  column "at" { type = timestamptz }
  column "user_id" { type = uuid }
  column "key_id" { type = uuid }
  // The model's public name, or what was asked for where there is no such model.
  column "model" { type = text }
  column "endpoint" { type = text }
  column "streamed" { type = boolean }
  // The last upstream that was tried; null where none was.
  column "upstream_id" {
    type = uuid
    null = true
  }
  column "upstream" { type = text }
  column "upstream_key" { type = text }
  // Every try as JSON, in their order.
  column "attempts" { type = text }
  column "status" { type = bigint }
  column "outcome" { type = text }
  // Why it was refused or failed; empty for others.
  column "code" { type = text }
  // Where the tokens come from; empty where there are none.
  column "source" { type = text }
  column "tokens" {
    type = text
    null = true
  }
  column "price_id" {
    type = uuid
    null = true
  }
  // The first hold in credits.
  column "held" { type = bigint }
  column "credits" { type = bigint }
  // In millionths of a credit.
  column "uncollected" { type = bigint }
  column "cost_micros" { type = bigint }
  // Since the request arrived; null where there was none.
  column "first_byte_micros" {
    type = bigint
    null = true
  }
  column "first_token_micros" {
    type = bigint
    null = true
  }
  column "took_micros" { type = bigint }
  // Whether it went where its session had been served before.
  column "sticky" { type = boolean }
  // The caller's own id for the request; empty for none.
  column "client_request_id" { type = text }
  primary_key { columns = [column.id] }
  index "requests_user_id" { columns = [column.user_id, column.id] }
  index "requests_upstream_id" { columns = [column.upstream_id, column.id] }
  index "requests_outcome" { columns = [column.outcome, column.id] }
  check "requests_amounts" { expr = "status >= 0 AND held >= 0 AND credits >= 0 AND uncollected >= 0 AND cost_micros >= 0 AND took_micros >= 0" }
}

// What models cost and what customers pay for them. Never changed and never deleted: the
// next one of a model follows it.
table "prices" {
  schema = schema.public
  column "id" { type = uuid }
  // A model's name, whether or not there is a row of models for it.
  column "model" { type = text }
  column "valid_from" { type = timestamptz }
  // Rates and charge as catalog.Terms writes them: JSON, in pico-dollars.
  column "terms" { type = text }
  // Where it came from: manual, or the list that was imported.
  column "source" { type = text }
  column "created_at" { type = timestamptz }
  column "created_by" { type = text }
  primary_key { columns = [column.id] }
  index "prices_model" { columns = [column.model, column.valid_from, column.id] }
}

// A user's day, all keys together: the row on which the limit is decided. The
// 24 counters are its requests by UTC hour; a batch touches the row anyway, so
// the hours cost no row of their own, and they outlive the single charges.
table "user_days" {
  schema = schema.public
  column "day" { type = date }
  column "user_id" { type = uuid }
  column "requests" { type = bigint }
  // What the day used, in millionths of a credit, corrections included. It is shown and enforced rounded up.
  column "millionths" { type = bigint }
  // The part of its whole credits that grants gave; the rest counts against the plan.
  column "granted" {
    type    = bigint
    default = 0
  }
  // What did not fit, in millionths of a credit.
  column "uncollected" {
    type    = bigint
    default = 0
  }
  // The sum of the day's corrections, in whole credits.
  column "corrected" {
    type    = bigint
    default = 0
  }
  column "cost_micros" { type = bigint }
  // The user's last charge of the day, where a walk through the single charges begins; null
  // where the day has corrections alone.
  column "last_charge_id" {
    type = uuid
    null = true
  }
  column "h00" {
    type    = bigint
    default = 0
  }
  column "h01" {
    type    = bigint
    default = 0
  }
  column "h02" {
    type    = bigint
    default = 0
  }
  column "h03" {
    type    = bigint
    default = 0
  }
  column "h04" {
    type    = bigint
    default = 0
  }
  column "h05" {
    type    = bigint
    default = 0
  }
  column "h06" {
    type    = bigint
    default = 0
  }
  column "h07" {
    type    = bigint
    default = 0
  }
  column "h08" {
    type    = bigint
    default = 0
  }
  column "h09" {
    type    = bigint
    default = 0
  }
  column "h10" {
    type    = bigint
    default = 0
  }
  column "h11" {
    type    = bigint
    default = 0
  }
  column "h12" {
    type    = bigint
    default = 0
  }
  column "h13" {
    type    = bigint
    default = 0
  }
  column "h14" {
    type    = bigint
    default = 0
  }
  column "h15" {
    type    = bigint
    default = 0
  }
  column "h16" {
    type    = bigint
    default = 0
  }
  column "h17" {
    type    = bigint
    default = 0
  }
  column "h18" {
    type    = bigint
    default = 0
  }
  column "h19" {
    type    = bigint
    default = 0
  }
  column "h20" {
    type    = bigint
    default = 0
  }
  column "h21" {
    type    = bigint
    default = 0
  }
  column "h22" {
    type    = bigint
    default = 0
  }
  column "h23" {
    type    = bigint
    default = 0
  }
  primary_key { columns = [column.day, column.user_id] }
  foreign_key "user_days_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  index "user_days_user_id_day" { columns = [column.user_id, column.day] }
  check "user_days_amounts" { expr = "requests >= 0 AND millionths + 999999 >= 0 AND cost_micros >= 0" }
}

// The results that repeats of accepted charges and holds return, for 24 hours.
table "idempotency_keys" {
  schema = schema.public
  column "key_id" { type = uuid }
  // Who charges: the key itself, or the user whose service does. Zero in rows from before it was recorded, which match whoever charges.
  column "charger_id" { type = uuid }
  // charge or hold
  column "operation" { type = text }
  column "text" { type = text }
  // Of the fields that a repeat must have too.
  column "fingerprint" { type = bytea }
  column "day" { type = date }
  column "credits_used" { type = bigint }
  column "daily_limit" { type = bigint }
  column "created_at" { type = timestamptz }
  // All figures of the answer, as usage.Figures writes them; empty in rows from before they were kept.
  column "figures" {
    type    = text
    default = ""
  }
  column "hold_id" {
    type = uuid
    null = true
  }
  primary_key { columns = [column.key_id, column.charger_id, column.operation, column.text] }
  foreign_key "idempotency_keys_key" {
    columns     = [column.key_id]
    ref_columns = [table.api_keys.column.id]
    on_delete   = CASCADE
  }
  index "idempotency_keys_created_at" { columns = [column.created_at] }
  check "idempotency_keys_amounts" { expr = "credits_used >= 0 AND daily_limit >= 0" }
  check "idempotency_keys_operation" { expr = "operation IN ('charge', 'hold')" }
}

// Credits set aside for calls whose price is not known yet. Ended ones are kept 30 days.
// Like charges they refer to users and keys without foreign keys, which cost a read each.
table "holds" {
  schema = schema.public
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "key_id" { type = uuid }
  // The user whose service made the hold.
  column "owner_id" { type = uuid }
  column "credits" { type = bigint }
  // What it draws on grants: a grant's id, a colon and credits, separated by blanks. After its end, what its charge took.
  column "draws" { type = text }
  // What was delivered so far, in millionths of a credit.
  column "delivered" { type = bigint }
  // The tokens that were delivered so far, as usage.Tokens writes them, and their cost; null and 0 where they are not known.
  column "tokens" {
    type = text
    null = true
  }
  column "cost_micros" {
    type    = bigint
    default = 0
  }
  // What its expiry does: release, or charge what was delivered.
  column "on_expiry" { type = text }
  column "model" { type = text }
  // The price of the model when the hold was made; null where it had none.
  column "price_id" {
    type = uuid
    null = true
  }
  column "request_id" { type = text }
  column "created_at" { type = timestamptz }
  column "expires_at" { type = timestamptz }
  column "status" { type = text }
  column "ended_at" {
    type = timestamptz
    null = true
  }
  // The charge that ended it, and its day; null where nothing was charged.
  column "charge_id" {
    type = uuid
    null = true
  }
  column "charged_day" {
    type = date
    null = true
  }
  // What was charged in whole credits, what of it in millionths was collected, and what did not fit.
  column "charged" {
    type    = bigint
    default = 0
  }
  column "collected" {
    type    = bigint
    default = 0
  }
  column "uncollected" {
    type    = bigint
    default = 0
  }
  // The fingerprint of the settlement and the figures of its answer, for repeats.
  column "settlement" {
    type = bytea
    null = true
  }
  column "figures" {
    type    = text
    default = ""
  }
  primary_key { columns = [column.id] }
  index "holds_open" {
    columns = [column.user_id, column.expires_at]
    where   = "status = 'open'"
  }
  check "holds_amounts" { expr = "credits >= 0 AND delivered >= 0 AND cost_micros >= 0 AND charged >= 0 AND collected >= 0 AND uncollected >= 0" }
  check "holds_status" { expr = "status IN ('open', 'settled', 'released', 'expired')" }
  check "holds_on_expiry" { expr = "on_expiry IN ('release', 'charge')" }
}

// Credits beside the plan: a top-up, a gift.
table "grants" {
  schema = schema.public
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "credits" { type = bigint }
  // What charges have drawn; the sum of its days in grant_days.
  column "used" { type = bigint }
  column "note" { type = text }
  column "created_by" { type = text }
  column "created_at" { type = timestamptz }
  // Its end; null for none.
  column "expires_at" {
    type = timestamptz
    null = true
  }
  column "revoked_at" {
    type = timestamptz
    null = true
  }
  // A repeat with the same text returns this grant; null where none was given.
  column "idempotency_key" {
    type = text
    null = true
  }
  primary_key { columns = [column.id] }
  foreign_key "grants_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  index "grants_user_id" { columns = [column.user_id, column.id] }
  // The grants that a charge may draw on.
  index "grants_open" {
    columns = [column.user_id]
    where   = "revoked_at IS NULL AND used < credits"
  }
  index "grants_idempotency_key" {
    unique  = true
    columns = [column.user_id, column.idempotency_key]
    where   = "idempotency_key IS NOT NULL"
  }
  check "grants_amounts" { expr = "credits >= 1 AND used >= 0 AND used <= credits" }
}

// What a day's charges drew from a grant. Kept for ever.
table "grant_days" {
  schema = schema.public
  column "grant_id" { type = uuid }
  column "day" { type = date }
  column "credits" { type = bigint }
  primary_key { columns = [column.grant_id, column.day] }
  foreign_key "grant_days_grant" {
    columns     = [column.grant_id]
    ref_columns = [table.grants.column.id]
    on_delete   = RESTRICT
  }
  index "grant_days_day" { columns = [column.day] }
  check "grant_days_credits" { expr = "credits >= 0" }
}

// Credits that an operator took on a day or gave back, with the reason.
table "corrections" {
  schema = schema.public
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "day" { type = date }
  // Negative where credits were given back.
  column "credits" { type = bigint }
  column "reason" { type = text }
  column "created_by" { type = text }
  column "created_at" { type = timestamptz }
  // A repeat with the same text returns this correction; null where none was given.
  column "idempotency_key" {
    type = text
    null = true
  }
  primary_key { columns = [column.id] }
  foreign_key "corrections_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = RESTRICT
  }
  index "corrections_user_id" { columns = [column.user_id, column.id] }
  index "corrections_day" { columns = [column.day] }
  index "corrections_idempotency_key" {
    unique  = true
    columns = [column.user_id, column.idempotency_key]
    where   = "idempotency_key IS NOT NULL"
  }
  check "corrections_credits" { expr = "credits <> 0" }
}

// Up to which charge the totals count, on SQLite: the charges after it are added
// before anybody reads totals. One row; on Postgres every batch counts its own, and the table has none.
table "counted" {
  schema = schema.public
  column "id" { type = bigint }
  column "charge_id" { type = uuid }
  primary_key { columns = [column.id] }
  check "counted_one_row" { expr = "id = 1" }
}

// Which single charges a retention has removed: those of the days before
// kept_from. One row, or none while all are there.
table "retention" {
  schema = schema.public
  column "id" { type = bigint }
  column "kept_from" { type = date }
  primary_key { columns = [column.id] }
  check "retention_one_row" { expr = "id = 1" }
}

// The results of recounting the totals from the single charges.
table "reconciliations" {
  schema = schema.public
  column "id" { type = uuid }
  column "at" { type = timestamptz }
  column "took_millis" { type = bigint }
  column "charges" { type = bigint }
  column "days" { type = bigint }
  // Days whose charges a retention has removed: they cannot be recounted.
  column "days_gone" { type = bigint }
  column "differences" { type = bigint }
  // The first differences in words; empty where there are none.
  column "details" { type = text }
  primary_key { columns = [column.id] }
  check "reconciliations_counts" { expr = "took_millis >= 0 AND charges >= 0 AND days >= 0 AND days_gone >= 0 AND differences >= 0" }
}

// Who changed what, when and from where. Append-only; written in the
// transaction of the change.
table "audit_log" {
  schema = schema.public
  column "seq" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "at" { type = timestamptz }
  column "actor" { type = text }
  column "address" { type = text }
  column "request_id" { type = text }
  // noun.verb in the past.
  column "action" { type = text }
  column "subject" { type = text }
  column "subject_id" { type = uuid }
  column "target" { type = text }
  column "details" { type = text }
  // The changed fields as JSON objects.
  column "before" { type = text }
  column "after" { type = text }
  // Actor, action, target and details, without case.
  column "search" { type = text }
  // The key that the actor used, and its prefix at that moment; null and empty
  // where the change came from the console or the command line.
  column "key_id" {
    type = uuid
    null = true
  }
  column "key_prefix" {
    type    = text
    default = ""
  }
  primary_key { columns = [column.seq] }
  index "audit_log_search" {
    type = GIN
    on {
      column = column.search
      ops    = sql("gin_trgm_ops")
    }
  }
  index "audit_log_subject" { columns = [column.subject_id, column.seq] }
  index "audit_log_action" { columns = [column.action, column.seq] }
  index "audit_log_at" { columns = [column.at] }
  check "audit_log_subject_kind" { expr = "subject IN ('user', 'key', 'plan', 'model', 'price', 'upstream', 'request', 'webhook', 'setting', 'session', 'system')" }
}

// Which keys, users and plans have changed, for the caches of other processes:
// written in the transaction of the change and kept for an hour. Processes that can
// LISTEN on Postgres are notified and do not read it.
table "changes" {
  schema = schema.public
  column "seq" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "at" { type = timestamptz }
  // A subject and an id, as accounts.Change writes them.
  column "change" { type = text }
  primary_key { columns = [column.seq] }
}

// Sign-ins to the console. The cookie holds a random token, the row its hash.
table "console_sessions" {
  schema = schema.public
  column "token_hash" { type = bytea }
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "created_at" { type = timestamptz }
  column "last_seen_at" { type = timestamptz }
  column "expires_at" { type = timestamptz }
  column "address" { type = text }
  column "user_agent" { type = text }
  // The password was right and the second step is missing: such a session opens nothing.
  column "code_pending" {
    type    = boolean
    default = false
  }
  primary_key { columns = [column.token_hash] }
  foreign_key "console_sessions_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "console_sessions_user_id" { columns = [column.user_id, column.created_at] }
  index "console_sessions_id" {
    unique  = true
    columns = [column.id]
  }
}

// The second step of a sign-in: the secret of a user's authenticator app.
table "two_step" {
  schema = schema.public
  column "user_id" { type = uuid }
  // Encrypted with the SECRET_KEY (package secrets): the codes are computed from it.
  column "secret" { type = text }
  // False until a first code has shown that the app holds the secret.
  column "confirmed" { type = boolean }
  // The step of the last code that was taken: none is taken twice.
  column "last_step" { type = bigint }
  // Wrong codes of the day wrong_day, which is null before the first.
  column "wrong_codes" {
    type    = bigint
    default = 0
  }
  column "wrong_day" {
    type = date
    null = true
  }
  // When the codes of the app were locked after too many wrong ones; null while they are taken.
  column "locked_at" {
    type = timestamptz
    null = true
  }
  primary_key { columns = [column.user_id] }
  foreign_key "two_step_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
}

// Recovery codes for a lost authenticator app; each row is deleted at its use.
table "recovery_codes" {
  schema = schema.public
  column "user_id" { type = uuid }
  column "hash" { type = bytea }
  primary_key { columns = [column.user_id, column.hash] }
  foreign_key "recovery_codes_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
}

// Browsers on which a user signed in before: an attack on the account from
// elsewhere does not slow them down. The cookie holds a random token, the row its hash.
table "known_browsers" {
  schema = schema.public
  column "token_hash" { type = bytea }
  column "user_id" { type = uuid }
  column "seen_at" { type = timestamptz }
  primary_key { columns = [column.token_hash] }
  foreign_key "known_browsers_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "known_browsers_user_id" { columns = [column.user_id, column.seen_at] }
}

// Used form tokens: a form that shows a secret is accepted once, however often it is
// sent. The rows are deleted with their session.
table "taken_forms" {
  schema = schema.public
  column "session_id" { type = uuid }
  column "form" { type = text }
  primary_key { columns = [column.session_id, column.form] }
  foreign_key "taken_forms_session" {
    columns     = [column.session_id]
    ref_columns = [table.console_sessions.column.id]
    on_delete   = CASCADE
  }
}

// The one-time links of a first start, by the hash of their token.
table "setup_links" {
  schema = schema.public
  column "token_hash" { type = bytea }
  column "expires_at" { type = timestamptz }
  primary_key { columns = [column.token_hash] }
}

// What happened, for webhooks and mail: written in the transaction of what happened,
// and only while somebody is to be told. Ids are of version 7, so those of one user, who is
// locked meanwhile, are in the order of the commits.
table "events" {
  schema = schema.public
  column "id" { type = uuid }
  column "at" { type = timestamptz }
  // noun.verb, such as key.revoked.
  column "type" { type = text }
  // The user whom it concerns, whose events are delivered in order; null for none.
  column "user_id" {
    type = uuid
    null = true
  }
  // What it is about: a user, key, grant, upstream; null for none.
  column "subject_id" {
    type = uuid
    null = true
  }
  // The payload's data, a JSON object.
  column "data" { type = text }
  // Names what happens only once, such as a threshold of a day; null where it may happen again.
  column "once" {
    type = text
    null = true
  }
  primary_key { columns = [column.id] }
  index "events_once" {
    unique  = true
    columns = [column.once]
    where   = "once IS NOT NULL"
  }
  index "events_user_id" {
    columns = [column.user_id, column.id]
    where   = "user_id IS NOT NULL"
  }
  index "events_subject_id" {
    columns = [column.subject_id, column.id]
    where   = "subject_id IS NOT NULL"
  }
}

// Where events are sent by HTTP.
table "webhooks" {
  schema = schema.public
  column "id" { type = uuid }
  column "url" { type = text }
  column "description" { type = text }
  // The types of events that are sent, separated by blanks; empty for all.
  column "types" { type = text }
  // Encrypted with the SECRET_KEY. The previous one signs too until it ends; empty for none.
  column "secret" { type = text }
  column "previous_secret" { type = text }
  column "previous_ends_at" {
    type = timestamptz
    null = true
  }
  column "enabled" { type = boolean }
  column "created_at" { type = timestamptz }
  primary_key { columns = [column.id] }
}

// An event on its way to a webhook, or by mail where the webhook's id is zero: one row
// from the commit of the event until 30 days after the delivery ended.
table "deliveries" {
  schema = schema.public
  column "webhook_id" { type = uuid }
  column "event_id" { type = uuid }
  column "user_id" {
    type = uuid
    null = true
  }
  column "status" { type = text }
  // The attempts so far; the last 30 of them as a JSON array: when, status, error and milliseconds.
  column "attempts" {
    type    = bigint
    default = 0
  }
  column "tries" {
    type    = text
    default = "[]"
  }
  // When the next attempt is due. An attempt in progress moves it ahead, so no other instance makes it too.
  column "due_at" { type = timestamptz }
  // The beginning of the last answer.
  column "answer" {
    type    = text
    default = ""
  }
  column "ended_at" {
    type = timestamptz
    null = true
  }
  primary_key { columns = [column.webhook_id, column.event_id] }
  foreign_key "deliveries_event" {
    columns     = [column.event_id]
    ref_columns = [table.events.column.id]
    on_delete   = CASCADE
  }
  index "deliveries_event_id" { columns = [column.event_id] }
  index "deliveries_due" {
    columns = [column.due_at, column.webhook_id, column.event_id]
    where   = "status = 'pending'"
  }
  // The events of a user that wait, in their order.
  index "deliveries_waiting" {
    columns = [column.webhook_id, column.user_id, column.event_id]
    where   = "status = 'pending'"
  }
  index "deliveries_ended_at" {
    columns = [column.ended_at]
    where   = "ended_at IS NOT NULL"
  }
  check "deliveries_status" { expr = "status IN ('pending', 'delivered', 'failed')" }
  check "deliveries_attempts" { expr = "attempts >= 0" }
}

// Mails that were sent, by recipient and subject: one an hour.
table "mail_turns" {
  schema = schema.public
  // SHA-256 of recipient and subject.
  column "hash" { type = bytea }
  column "at" { type = timestamptz }
  primary_key { columns = [column.hash] }
}

// What the operator set for the whole service, each a JSON value.
table "settings" {
  schema = schema.public
  column "name" { type = text }
  column "value" { type = text }
  column "changed_at" { type = timestamptz }
  primary_key { columns = [column.name] }
}

// One-time links to choose another console password, by the hash of their token.
table "reset_links" {
  schema = schema.public
  column "token_hash" { type = bytea }
  column "user_id" { type = uuid }
  column "expires_at" { type = timestamptz }
  primary_key { columns = [column.token_hash] }
  foreign_key "reset_links_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "reset_links_user_id" { columns = [column.user_id] }
}

// Operators as an OpenID Connect provider knows them.
table "openid_identities" {
  schema = schema.public
  column "issuer" { type = text }
  column "subject" { type = text }
  column "user_id" { type = uuid }
  column "linked_at" { type = timestamptz }
  column "last_at" { type = timestamptz }
  primary_key { columns = [column.issuer, column.subject] }
  foreign_key "openid_identities_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "openid_identities_user_id" { columns = [column.user_id] }
}

// Sign-ins with OpenID Connect that are under way, by the hash of their state; taken once.
table "openid_sign_ins" {
  schema = schema.public
  column "state_hash" { type = bytea }
  // The hash of the cookie of the browser that began.
  column "browser_hash" { type = bytea }
  column "nonce" { type = text }
  column "verifier" { type = text }
  // The page that the sign-in leads to.
  column "next" { type = text }
  column "expires_at" { type = timestamptz }
  // Whether a customer signs in to the dashboard, not an operator to the console.
  column "of_customer" {
    type    = boolean
    default = false
  }
  primary_key { columns = [column.state_hash] }
  index "openid_sign_ins_expires_at" { columns = [column.expires_at] }
}

// Customers who are signed in to the dashboard without a key, by the hash of their token.
table "customer_sessions" {
  schema = schema.public
  column "token_hash" { type = bytea }
  column "id" { type = uuid }
  column "user_id" { type = uuid }
  column "created_at" { type = timestamptz }
  column "last_seen_at" { type = timestamptz }
  column "expires_at" { type = timestamptz }
  column "address" { type = text }
  column "user_agent" { type = text }
  primary_key { columns = [column.token_hash] }
  foreign_key "customer_sessions_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "customer_sessions_user_id" { columns = [column.user_id, column.created_at] }
  index "customer_sessions_expires_at" { columns = [column.expires_at] }
  index "customer_sessions_id" {
    unique  = true
    columns = [column.id]
  }
}

// One-time links by which customers sign in or register, by the hash of their token.
table "sign_in_links" {
  schema = schema.public
  column "token_hash" { type = bytea }
  // The hash of the secret of the browser that asked.
  column "browser_hash" { type = bytea }
  // The address that the link was sent to, and the same without case.
  column "email" { type = text }
  column "email_folded" { type = text }
  // Null where the link makes the user.
  column "user_id" {
    type = uuid
    null = true
  }
  column "expires_at" { type = timestamptz }
  primary_key { columns = [column.token_hash] }
  foreign_key "sign_in_links_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "sign_in_links_email" { columns = [column.email_folded] }
  index "sign_in_links_user_id" { columns = [column.user_id] }
  index "sign_in_links_expires_at" { columns = [column.expires_at] }
}

// How many users have registered themselves on a day.
table "registrations" {
  schema = schema.public
  column "day" { type = date }
  column "users" { type = bigint }
  primary_key { columns = [column.day] }
  check "registrations_users" { expr = "users >= 0" }
}

// Which mails a user wants. Users without a row get all of them.
table "user_alerts" {
  schema = schema.public
  column "user_id" { type = uuid }
  // The smallest threshold that is told, in percent; null for none.
  column "usage_from_percent" {
    type = bigint
    null = true
  }
  column "used_up" { type = boolean }
  column "key_expiring" { type = boolean }
  column "changed_at" { type = timestamptz }
  primary_key { columns = [column.user_id] }
  foreign_key "user_alerts_user" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  check "user_alerts_usage_from_percent" { expr = "usage_from_percent IS NULL OR (usage_from_percent >= 1 AND usage_from_percent <= 100)" }
}

// The fingerprint of the key that encrypts secrets in this database. One row,
// or none before the first secret.
table "secret_key" {
  schema = schema.public
  column "id" { type = bigint }
  column "fingerprint" { type = bytea }
  primary_key { columns = [column.id] }
  check "secret_key_one_row" { expr = "id = 1" }
}

// Requests refused on a day, by the reason.
table "refusals" {
  schema = schema.public
  column "day" { type = date }
  column "code" { type = text }
  column "requests" { type = bigint }
  primary_key { columns = [column.day, column.code] }
  check "refusals_requests" { expr = "requests >= 0" }
}

// Totals of past days over all users, so that a page can show a year.
table "closed_days" {
  schema = schema.public
  column "day" { type = date }
  column "requests" { type = bigint }
  column "credits" { type = bigint }
  column "cost_micros" { type = bigint }
  // Users and keys that were used on the day.
  column "users" { type = bigint }
  column "keys" { type = bigint }
  primary_key { columns = [column.day] }
  check "closed_days_amounts" { expr = "requests >= 0 AND credits >= 0 AND cost_micros >= 0 AND users >= 0 AND keys >= 0" }
}

// The days that are over and were changed since they were summed up: they are summed up again.
table "reopened_days" {
  schema = schema.public
  column "day" { type = date }
  // The last charge or correction that changed the day: a sum that was read before it does not end the row.
  column "change_id" { type = uuid }
  primary_key { columns = [column.day] }
}

table "closed_day_models" {
  schema = schema.public
  column "day" { type = date }
  column "model" { type = text }
  column "requests" { type = bigint }
  column "credits" { type = bigint }
  column "cost_micros" { type = bigint }
  primary_key { columns = [column.day, column.model] }
  foreign_key "closed_day_models_day" {
    columns     = [column.day]
    ref_columns = [table.closed_days.column.day]
    on_delete   = CASCADE
  }
  // The credits may be negative: a late settlement gives back by the model that it names.
  check "closed_day_models_amounts" { expr = "requests >= 0 AND cost_micros >= 0" }
}

// By the plan that the users had when the day was summed up.
table "closed_day_plans" {
  schema = schema.public
  column "day" { type = date }
  column "plan_id" { type = uuid }
  column "requests" { type = bigint }
  column "credits" { type = bigint }
  column "cost_micros" { type = bigint }
  primary_key { columns = [column.day, column.plan_id] }
  foreign_key "closed_day_plans_day" {
    columns     = [column.day]
    ref_columns = [table.closed_days.column.day]
    on_delete   = CASCADE
  }
  foreign_key "closed_day_plans_plan" {
    columns     = [column.plan_id]
    ref_columns = [table.plans.column.id]
    on_delete   = RESTRICT
  }
  check "closed_day_plans_amounts" { expr = "requests >= 0 AND credits >= 0 AND cost_micros >= 0" }
}
