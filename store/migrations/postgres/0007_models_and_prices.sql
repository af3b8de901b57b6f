-- +goose Up
-- modify "api_keys" table
ALTER TABLE "api_keys" ADD COLUMN "models" text NULL;
-- modify "audit_log" table
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'model'::text, 'price'::text, 'session'::text, 'system'::text]));
-- modify "holds" table
ALTER TABLE "holds" ADD COLUMN "price_id" uuid NULL;
-- modify "plans" table
ALTER TABLE "plans" ADD COLUMN "models" text NULL;
-- modify "usage" table
ALTER TABLE "usage" ADD COLUMN "price_id" uuid NULL, ADD COLUMN "tokens" text NULL;
-- create "models" table
CREATE TABLE "models" ("id" uuid NOT NULL, "name" text NOT NULL, "aliases" text NOT NULL, "display_name" text NOT NULL, "description" text NOT NULL, "context_window" bigint NULL, "output_allowance" bigint NOT NULL, "plans" text NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "models_context_window" CHECK ((context_window IS NULL) OR (context_window >= 1)), CONSTRAINT "models_output_allowance" CHECK (output_allowance >= 1));
-- create index "models_name" to table: "models"
CREATE UNIQUE INDEX "models_name" ON "models" ("name");
-- create "prices" table
CREATE TABLE "prices" ("id" uuid NOT NULL, "model" text NOT NULL, "valid_from" timestamptz NOT NULL, "terms" text NOT NULL, "source" text NOT NULL, "created_at" timestamptz NOT NULL, "created_by" text NOT NULL, PRIMARY KEY ("id"));
-- create index "prices_model" to table: "prices"
CREATE INDEX "prices_model" ON "prices" ("model", "valid_from", "id");
-- create "daily_tokens" table
CREATE TABLE "daily_tokens" ("day" date NOT NULL, "user_id" uuid NOT NULL, "key_id" uuid NOT NULL, "model" text NOT NULL, "price_id" uuid NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "cost_micros" bigint NOT NULL, "prompt_tokens" bigint NOT NULL, "completion_tokens" bigint NOT NULL, "cache_read" bigint NOT NULL, "cache_write" bigint NOT NULL, "cache_write_1h" bigint NOT NULL, "audio_input" bigint NOT NULL, "audio_output" bigint NOT NULL, "reasoning" bigint NOT NULL, "web_searches" bigint NOT NULL, PRIMARY KEY ("day", "user_id", "key_id", "model", "price_id"), CONSTRAINT "daily_tokens_key" FOREIGN KEY ("key_id") REFERENCES "api_keys" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "daily_tokens_price" FOREIGN KEY ("price_id") REFERENCES "prices" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "daily_tokens_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "daily_tokens_amounts" CHECK ((requests >= 0) AND (cost_micros >= 0) AND (prompt_tokens >= 0) AND (completion_tokens >= 0)));
-- create index "daily_tokens_user_id_day" to table: "daily_tokens"
CREATE INDEX "daily_tokens_user_id_day" ON "daily_tokens" ("user_id", "day");

-- +goose Down
ALTER TABLE "api_keys" DROP COLUMN "models";
-- the log before knew no models and prices as subjects
UPDATE "audit_log" SET "subject" = 'system' WHERE "subject" IN ('model', 'price');
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'session'::text, 'system'::text]));
ALTER TABLE "holds" DROP COLUMN "price_id";
ALTER TABLE "plans" DROP COLUMN "models";
ALTER TABLE "usage" DROP COLUMN "price_id", DROP COLUMN "tokens";
DROP TABLE "daily_tokens";
DROP TABLE "models";
DROP TABLE "prices";
