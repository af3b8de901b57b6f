-- +goose Up
-- modify "api_keys" table
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_concurrency_limit" CHECK ((concurrency_limit IS NULL) OR (concurrency_limit >= 1)), ADD CONSTRAINT "api_keys_daily_credit_limit" CHECK ((daily_credit_limit IS NULL) OR (daily_credit_limit >= 0)), ADD CONSTRAINT "api_keys_rate_limit_per_minute" CHECK ((rate_limit_per_minute IS NULL) OR (rate_limit_per_minute >= 1)), ADD COLUMN "daily_credit_limit" bigint NULL, ADD COLUMN "rate_limit_per_minute" bigint NULL, ADD COLUMN "concurrency_limit" bigint NULL;
-- create index "api_keys_limited" to table: "api_keys"
CREATE INDEX "api_keys_limited" ON "api_keys" ("user_id", "id") WHERE ((daily_credit_limit IS NOT NULL) OR (concurrency_limit IS NOT NULL));
-- modify "daily_usage" table
ALTER TABLE "daily_usage" RENAME TO "old_daily_usage";
ALTER TABLE "old_daily_usage" DROP CONSTRAINT "daily_usage_pkey", DROP CONSTRAINT "daily_usage_user", DROP CONSTRAINT "daily_usage_key", DROP CONSTRAINT "daily_usage_amounts";
DROP INDEX "daily_usage_user_id_day";
CREATE TABLE "daily_usage" ("day" date NOT NULL, "user_id" uuid NOT NULL, "key_id" uuid NOT NULL, "model" text NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "prompt_tokens" bigint NOT NULL, "completion_tokens" bigint NOT NULL, "cost_micros" bigint NOT NULL);
-- the usage of a model with a key is counted from the single charges
INSERT INTO "daily_usage" (day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) SELECT day, user_id, key_id, model, COUNT(*), SUM(credits), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_micros) FROM usage WHERE day >= COALESCE((SELECT kept_from FROM retention), '-infinity'::date) GROUP BY day, user_id, key_id, model;
-- where a retention has removed the charges, a day's keys and models are laid side by side: the sums of both stay as they were
INSERT INTO "daily_usage" (day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) WITH k AS (SELECT day, user_id, key_id, requests, credits, prompt_tokens, completion_tokens, cost_micros, SUM(requests) OVER w AS sum_requests, SUM(credits) OVER w AS sum_credits, SUM(prompt_tokens) OVER w AS sum_prompt_tokens, SUM(completion_tokens) OVER w AS sum_completion_tokens, SUM(cost_micros) OVER w AS sum_cost_micros FROM old_daily_usage WHERE day < COALESCE((SELECT kept_from FROM retention), '-infinity'::date) WINDOW w AS (PARTITION BY day, user_id ORDER BY key_id)), m AS (SELECT day, user_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros, SUM(requests) OVER w AS sum_requests, SUM(credits) OVER w AS sum_credits, SUM(prompt_tokens) OVER w AS sum_prompt_tokens, SUM(completion_tokens) OVER w AS sum_completion_tokens, SUM(cost_micros) OVER w AS sum_cost_micros FROM model_usage WHERE day < COALESCE((SELECT kept_from FROM retention), '-infinity'::date) WINDOW w AS (PARTITION BY day, user_id ORDER BY model)) SELECT k.day, k.user_id, k.key_id, m.model, CAST(GREATEST(0, LEAST(k.sum_requests, m.sum_requests) - GREATEST(k.sum_requests - k.requests, m.sum_requests - m.requests)) AS bigint), CAST(GREATEST(0, LEAST(k.sum_credits, m.sum_credits) - GREATEST(k.sum_credits - k.credits, m.sum_credits - m.credits)) AS bigint), CAST(GREATEST(0, LEAST(k.sum_prompt_tokens, m.sum_prompt_tokens) - GREATEST(k.sum_prompt_tokens - k.prompt_tokens, m.sum_prompt_tokens - m.prompt_tokens)) AS bigint), CAST(GREATEST(0, LEAST(k.sum_completion_tokens, m.sum_completion_tokens) - GREATEST(k.sum_completion_tokens - k.completion_tokens, m.sum_completion_tokens - m.completion_tokens)) AS bigint), CAST(GREATEST(0, LEAST(k.sum_cost_micros, m.sum_cost_micros) - GREATEST(k.sum_cost_micros - k.cost_micros, m.sum_cost_micros - m.cost_micros)) AS bigint) FROM k JOIN m ON m.day = k.day AND m.user_id = k.user_id WHERE GREATEST(0, LEAST(k.sum_requests, m.sum_requests) - GREATEST(k.sum_requests - k.requests, m.sum_requests - m.requests)) > 0 OR GREATEST(0, LEAST(k.sum_credits, m.sum_credits) - GREATEST(k.sum_credits - k.credits, m.sum_credits - m.credits)) > 0 OR GREATEST(0, LEAST(k.sum_prompt_tokens, m.sum_prompt_tokens) - GREATEST(k.sum_prompt_tokens - k.prompt_tokens, m.sum_prompt_tokens - m.prompt_tokens)) > 0 OR GREATEST(0, LEAST(k.sum_completion_tokens, m.sum_completion_tokens) - GREATEST(k.sum_completion_tokens - k.completion_tokens, m.sum_completion_tokens - m.completion_tokens)) > 0 OR GREATEST(0, LEAST(k.sum_cost_micros, m.sum_cost_micros) - GREATEST(k.sum_cost_micros - k.cost_micros, m.sum_cost_micros - m.cost_micros)) > 0;
DROP TABLE "old_daily_usage";
DROP TABLE "model_usage";
ALTER TABLE "daily_usage" ADD PRIMARY KEY ("day", "user_id", "key_id", "model"), ADD CONSTRAINT "daily_usage_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, ADD CONSTRAINT "daily_usage_key" FOREIGN KEY ("key_id") REFERENCES "api_keys" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, ADD CONSTRAINT "daily_usage_amounts" CHECK ((requests >= 0) AND (prompt_tokens >= 0) AND (completion_tokens >= 0) AND (cost_micros >= 0));
CREATE INDEX "daily_usage_user_id_day" ON "daily_usage" ("user_id", "day");
-- modify "idempotency_keys" table
ALTER TABLE "idempotency_keys" DROP CONSTRAINT "idempotency_keys_pkey", ADD CONSTRAINT "idempotency_keys_operation" CHECK (operation = ANY (ARRAY['charge'::text, 'hold'::text])), ADD COLUMN "charger_id" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', ADD COLUMN "operation" text NOT NULL DEFAULT 'charge', ADD COLUMN "figures" text NOT NULL DEFAULT '', ADD COLUMN "hold_id" uuid NULL, ADD PRIMARY KEY ("key_id", "charger_id", "operation", "text");
ALTER TABLE "idempotency_keys" ALTER COLUMN "charger_id" DROP DEFAULT, ALTER COLUMN "operation" DROP DEFAULT;
-- modify "plans" table
ALTER TABLE "plans" ADD CONSTRAINT "plans_monthly_credit_limit" CHECK ((monthly_credit_limit IS NULL) OR (monthly_credit_limit >= 0)), ADD CONSTRAINT "plans_user_concurrency_limit" CHECK ((user_concurrency_limit IS NULL) OR (user_concurrency_limit >= 1)), ADD COLUMN "monthly_credit_limit" bigint NULL, ADD COLUMN "user_concurrency_limit" bigint NULL;
-- modify "usage" table
ALTER TABLE "usage" DROP CONSTRAINT "usage_amounts", ADD CONSTRAINT "usage_amounts" CHECK ((prompt_tokens >= 0) AND (completion_tokens >= 0) AND (cost_micros >= 0) AND ((adjusts_id IS NOT NULL) OR ((credits >= 0) AND (granted >= 0) AND (uncollected >= 0)))), ADD COLUMN "millionths" bigint NOT NULL DEFAULT 0, ADD COLUMN "granted" bigint NOT NULL DEFAULT 0, ADD COLUMN "uncollected" bigint NOT NULL DEFAULT 0, ADD COLUMN "adjusts_id" uuid NULL;
-- create index "usage_adjustments" to table: "usage"
CREATE INDEX "usage_adjustments" ON "usage" ("day", "adjusts_id") WHERE (adjusts_id IS NOT NULL);
-- modify "user_days" table
ALTER TABLE "user_days" DROP CONSTRAINT "user_days_amounts", ALTER COLUMN "last_charge_id" DROP NOT NULL, ADD COLUMN "granted" bigint NOT NULL DEFAULT 0, ADD COLUMN "uncollected" bigint NOT NULL DEFAULT 0, ADD COLUMN "corrected" bigint NOT NULL DEFAULT 0;
ALTER TABLE "user_days" RENAME COLUMN "credits" TO "millionths";
UPDATE "user_days" SET "millionths" = "millionths" * 1000000 WHERE "millionths" <> 0;
ALTER TABLE "user_days" ADD CONSTRAINT "user_days_amounts" CHECK ((requests >= 0) AND ((millionths + 999999) >= 0) AND (cost_micros >= 0));
-- create "counted" table
CREATE TABLE "counted" ("id" bigint NOT NULL, "charge_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "counted_one_row" CHECK (id = 1));
-- create "holds" table
CREATE TABLE "holds" ("id" uuid NOT NULL, "user_id" uuid NOT NULL, "key_id" uuid NOT NULL, "owner_id" uuid NOT NULL, "credits" bigint NOT NULL, "draws" text NOT NULL, "delivered" bigint NOT NULL, "on_expiry" text NOT NULL, "model" text NOT NULL, "request_id" text NOT NULL, "created_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "status" text NOT NULL, "ended_at" timestamptz NULL, "charge_id" uuid NULL, "charged_day" date NULL, "charged" bigint NOT NULL DEFAULT 0, "collected" bigint NOT NULL DEFAULT 0, "uncollected" bigint NOT NULL DEFAULT 0, "settlement" bytea NULL, "figures" text NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "holds_amounts" CHECK ((credits >= 0) AND (delivered >= 0) AND (charged >= 0) AND (collected >= 0) AND (uncollected >= 0)), CONSTRAINT "holds_on_expiry" CHECK (on_expiry = ANY (ARRAY['release'::text, 'charge'::text])), CONSTRAINT "holds_status" CHECK (status = ANY (ARRAY['open'::text, 'settled'::text, 'released'::text, 'expired'::text])));
-- create index "holds_open" to table: "holds"
CREATE INDEX "holds_open" ON "holds" ("user_id", "expires_at") WHERE (status = 'open'::text);
-- create "corrections" table
CREATE TABLE "corrections" ("id" uuid NOT NULL, "user_id" uuid NOT NULL, "day" date NOT NULL, "credits" bigint NOT NULL, "reason" text NOT NULL, "created_by" text NOT NULL, "created_at" timestamptz NOT NULL, "idempotency_key" text NULL, PRIMARY KEY ("id"), CONSTRAINT "corrections_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "corrections_credits" CHECK (credits <> 0));
-- create index "corrections_day" to table: "corrections"
CREATE INDEX "corrections_day" ON "corrections" ("day");
-- create index "corrections_idempotency_key" to table: "corrections"
CREATE UNIQUE INDEX "corrections_idempotency_key" ON "corrections" ("user_id", "idempotency_key") WHERE (idempotency_key IS NOT NULL);
-- create index "corrections_user_id" to table: "corrections"
CREATE INDEX "corrections_user_id" ON "corrections" ("user_id", "id");
-- create "grants" table
CREATE TABLE "grants" ("id" uuid NOT NULL, "user_id" uuid NOT NULL, "credits" bigint NOT NULL, "used" bigint NOT NULL, "note" text NOT NULL, "created_by" text NOT NULL, "created_at" timestamptz NOT NULL, "expires_at" timestamptz NULL, "revoked_at" timestamptz NULL, "idempotency_key" text NULL, PRIMARY KEY ("id"), CONSTRAINT "grants_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "grants_amounts" CHECK ((credits >= 1) AND (used >= 0) AND (used <= credits)));
-- create index "grants_idempotency_key" to table: "grants"
CREATE UNIQUE INDEX "grants_idempotency_key" ON "grants" ("user_id", "idempotency_key") WHERE (idempotency_key IS NOT NULL);
-- create index "grants_open" to table: "grants"
CREATE INDEX "grants_open" ON "grants" ("user_id") WHERE ((revoked_at IS NULL) AND (used < credits));
-- create index "grants_user_id" to table: "grants"
CREATE INDEX "grants_user_id" ON "grants" ("user_id", "id");
-- create "grant_days" table
CREATE TABLE "grant_days" ("grant_id" uuid NOT NULL, "day" date NOT NULL, "credits" bigint NOT NULL, PRIMARY KEY ("grant_id", "day"), CONSTRAINT "grant_days_grant" FOREIGN KEY ("grant_id") REFERENCES "grants" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "grant_days_credits" CHECK (credits >= 0));
-- create index "grant_days_day" to table: "grant_days"
CREATE INDEX "grant_days_day" ON "grant_days" ("day");
-- modify "closed_day_models" table
ALTER TABLE "closed_day_models" DROP CONSTRAINT "closed_day_models_amounts", ADD CONSTRAINT "closed_day_models_amounts" CHECK ((requests >= 0) AND (cost_micros >= 0));
-- create "reopened_days" table
CREATE TABLE "reopened_days" ("day" date NOT NULL, "change_id" uuid NOT NULL, PRIMARY KEY ("day"));

-- +goose Down
-- holds, grants and corrections have no place in the schema before: their credits stay in the users' days
DROP INDEX "api_keys_limited";
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_concurrency_limit", DROP CONSTRAINT "api_keys_daily_credit_limit", DROP CONSTRAINT "api_keys_rate_limit_per_minute", DROP COLUMN "daily_credit_limit", DROP COLUMN "rate_limit_per_minute", DROP COLUMN "concurrency_limit";
CREATE TABLE "model_usage" ("day" date NOT NULL, "user_id" uuid NOT NULL, "model" text NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "prompt_tokens" bigint NOT NULL, "completion_tokens" bigint NOT NULL, "cost_micros" bigint NOT NULL, PRIMARY KEY ("day", "user_id", "model"), CONSTRAINT "model_usage_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "model_usage_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (prompt_tokens >= 0) AND (completion_tokens >= 0) AND (cost_micros >= 0)));
INSERT INTO "model_usage" ("day", "user_id", "model", "requests", "credits", "prompt_tokens", "completion_tokens", "cost_micros") SELECT "day", "user_id", "model", SUM("requests"), GREATEST(SUM("credits"), 0), SUM("prompt_tokens"), SUM("completion_tokens"), SUM("cost_micros") FROM "daily_usage" GROUP BY "day", "user_id", "model";
CREATE INDEX "model_usage_user_id_day" ON "model_usage" ("user_id", "day");
CREATE TEMPORARY TABLE "key_days" ON COMMIT DROP AS SELECT "day", "user_id", "key_id", SUM("requests") AS "requests", GREATEST(SUM("credits"), 0) AS "credits", SUM("prompt_tokens") AS "prompt_tokens", SUM("completion_tokens") AS "completion_tokens", SUM("cost_micros") AS "cost_micros" FROM "daily_usage" GROUP BY "day", "user_id", "key_id";
DELETE FROM "daily_usage";
ALTER TABLE "daily_usage" DROP CONSTRAINT "daily_usage_pkey", DROP CONSTRAINT "daily_usage_amounts", DROP COLUMN "model";
INSERT INTO "daily_usage" ("day", "user_id", "key_id", "requests", "credits", "prompt_tokens", "completion_tokens", "cost_micros") SELECT "day", "user_id", "key_id", "requests", "credits", "prompt_tokens", "completion_tokens", "cost_micros" FROM "key_days";
ALTER TABLE "daily_usage" ADD CONSTRAINT "daily_usage_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (prompt_tokens >= 0) AND (completion_tokens >= 0) AND (cost_micros >= 0)), ADD PRIMARY KEY ("day", "user_id", "key_id");
DELETE FROM "idempotency_keys" WHERE "operation" <> 'charge';
DELETE FROM "idempotency_keys" AS a USING "idempotency_keys" AS b WHERE b.key_id = a.key_id AND b.text = a.text AND (b.created_at, b.charger_id) > (a.created_at, a.charger_id);
ALTER TABLE "idempotency_keys" DROP CONSTRAINT "idempotency_keys_operation", DROP CONSTRAINT "idempotency_keys_pkey", DROP COLUMN "charger_id", DROP COLUMN "operation", DROP COLUMN "figures", DROP COLUMN "hold_id", ADD PRIMARY KEY ("key_id", "text");
ALTER TABLE "plans" DROP CONSTRAINT "plans_monthly_credit_limit", DROP CONSTRAINT "plans_user_concurrency_limit", DROP COLUMN "monthly_credit_limit", DROP COLUMN "user_concurrency_limit";
UPDATE "usage" SET "credits" = 0 WHERE "credits" < 0;
ALTER TABLE "usage" DROP CONSTRAINT "usage_amounts", ADD CONSTRAINT "usage_amounts" CHECK ((credits >= 0) AND (prompt_tokens >= 0) AND (completion_tokens >= 0) AND (cost_micros >= 0)), DROP COLUMN "millionths", DROP COLUMN "granted", DROP COLUMN "uncollected", DROP COLUMN "adjusts_id";
DELETE FROM "user_days" WHERE "last_charge_id" IS NULL;
UPDATE "user_days" SET "millionths" = ("millionths" + 999999) / 1000000 WHERE "millionths" <> 0;
ALTER TABLE "user_days" DROP CONSTRAINT "user_days_amounts", DROP COLUMN "granted", DROP COLUMN "uncollected", DROP COLUMN "corrected", ALTER COLUMN "last_charge_id" SET NOT NULL;
ALTER TABLE "user_days" RENAME COLUMN "millionths" TO "credits";
ALTER TABLE "user_days" ADD CONSTRAINT "user_days_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (cost_micros >= 0));
UPDATE "closed_day_models" SET "credits" = 0 WHERE "credits" < 0;
ALTER TABLE "closed_day_models" DROP CONSTRAINT "closed_day_models_amounts", ADD CONSTRAINT "closed_day_models_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (cost_micros >= 0));
DROP TABLE "reopened_days";
DROP TABLE "corrections";
DROP TABLE "grant_days";
DROP TABLE "holds";
DROP TABLE "grants";
DROP TABLE "counted";
