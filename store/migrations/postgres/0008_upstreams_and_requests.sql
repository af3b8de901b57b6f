-- +goose Up
-- modify "audit_log" table
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'model'::text, 'price'::text, 'upstream'::text, 'request'::text, 'session'::text, 'system'::text]));
-- modify "holds" table
ALTER TABLE "holds" DROP CONSTRAINT "holds_amounts", ADD CONSTRAINT "holds_amounts" CHECK ((credits >= 0) AND (delivered >= 0) AND (cost_micros >= 0) AND (charged >= 0) AND (collected >= 0) AND (uncollected >= 0)), ADD COLUMN "tokens" text NULL, ADD COLUMN "cost_micros" bigint NOT NULL DEFAULT 0;
-- modify "models" table
ALTER TABLE "models" ADD CONSTRAINT "models_overrun" CHECK (overrun = ANY (ARRAY['finish'::text, 'stop'::text])), ADD COLUMN "overrun" text NOT NULL DEFAULT 'finish', ADD COLUMN "hosted_tools" text NOT NULL DEFAULT '';
-- modify "usage" table
ALTER TABLE "usage" ADD COLUMN "request_id" uuid NULL, ADD COLUMN "outcome" text NULL, ADD COLUMN "source" text NULL;
-- create "requests" table
CREATE TABLE "requests" ("id" uuid NOT NULL, "at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "key_id" uuid NOT NULL, "model" text NOT NULL, "endpoint" text NOT NULL, "streamed" boolean NOT NULL, "upstream_id" uuid NULL, "upstream" text NOT NULL, "upstream_key" text NOT NULL, "attempts" text NOT NULL, "status" bigint NOT NULL, "outcome" text NOT NULL, "code" text NOT NULL, "source" text NOT NULL, "tokens" text NULL, "price_id" uuid NULL, "held" bigint NOT NULL, "credits" bigint NOT NULL, "uncollected" bigint NOT NULL, "cost_micros" bigint NOT NULL, "first_byte_micros" bigint NULL, "first_token_micros" bigint NULL, "took_micros" bigint NOT NULL, "sticky" boolean NOT NULL, "client_request_id" text NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "requests_amounts" CHECK ((status >= 0) AND (held >= 0) AND (credits >= 0) AND (uncollected >= 0) AND (cost_micros >= 0) AND (took_micros >= 0)));
-- create index "requests_outcome" to table: "requests"
CREATE INDEX "requests_outcome" ON "requests" ("outcome", "id");
-- create index "requests_upstream_id" to table: "requests"
CREATE INDEX "requests_upstream_id" ON "requests" ("upstream_id", "id");
-- create index "requests_user_id" to table: "requests"
CREATE INDEX "requests_user_id" ON "requests" ("user_id", "id");
-- create "upstream_days" table
CREATE TABLE "upstream_days" ("day" date NOT NULL, "upstream_id" uuid NOT NULL, "requests" bigint NOT NULL, "failures" bigint NOT NULL, "cost_micros" bigint NOT NULL, PRIMARY KEY ("day", "upstream_id"), CONSTRAINT "upstream_days_amounts" CHECK ((requests >= 0) AND (failures >= 0) AND (cost_micros >= 0)));
-- create "upstreams" table
CREATE TABLE "upstreams" ("id" uuid NOT NULL, "name" text NOT NULL, "name_folded" text NOT NULL, "kind" text NOT NULL, "base_url" text NOT NULL, "wires" text NOT NULL, "headers" text NOT NULL, "weight" bigint NOT NULL, "priority" bigint NOT NULL, "first_byte_seconds" bigint NOT NULL, "idle_seconds" bigint NOT NULL, "on_client_gone" text NOT NULL, "daily_limit_micros" bigint NULL, "shared_state" boolean NOT NULL, "enabled" boolean NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "upstreams_amounts" CHECK ((weight >= 0) AND (priority >= 1) AND (first_byte_seconds >= 1) AND (idle_seconds >= 1) AND ((daily_limit_micros IS NULL) OR (daily_limit_micros >= 0))), CONSTRAINT "upstreams_kind" CHECK (kind = ANY (ARRAY['openai'::text, 'anthropic'::text, 'compatible'::text])), CONSTRAINT "upstreams_on_client_gone" CHECK (on_client_gone = ANY (ARRAY['cancel'::text, 'drain'::text])));
-- create index "upstreams_name" to table: "upstreams"
CREATE UNIQUE INDEX "upstreams_name" ON "upstreams" ("name_folded");
-- create "model_candidates" table
CREATE TABLE "model_candidates" ("model_id" uuid NOT NULL, "upstream_id" uuid NOT NULL, "model" text NOT NULL, "position" bigint NOT NULL, "weight" bigint NOT NULL, "priority" bigint NOT NULL, PRIMARY KEY ("model_id", "position"), CONSTRAINT "model_candidates_model" FOREIGN KEY ("model_id") REFERENCES "models" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "model_candidates_upstream" FOREIGN KEY ("upstream_id") REFERENCES "upstreams" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT "model_candidates_amounts" CHECK ((weight >= 0) AND (priority >= 1)));
-- create index "model_candidates_upstream_id" to table: "model_candidates"
CREATE INDEX "model_candidates_upstream_id" ON "model_candidates" ("upstream_id");
-- create "upstream_keys" table
CREATE TABLE "upstream_keys" ("id" uuid NOT NULL, "upstream_id" uuid NOT NULL, "name" text NOT NULL, "position" bigint NOT NULL, "source" text NOT NULL, "secret" text NOT NULL, "reference" text NOT NULL, "ends_with" text NOT NULL, "disabled_at" timestamptz NULL, "disabled_reason" text NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "upstream_keys_upstream" FOREIGN KEY ("upstream_id") REFERENCES "upstreams" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "upstream_keys_source" CHECK (source = ANY (ARRAY['stored'::text, 'env'::text, 'file'::text])));
-- create index "upstream_keys_name" to table: "upstream_keys"
CREATE UNIQUE INDEX "upstream_keys_name" ON "upstream_keys" ("upstream_id", "name");

-- +goose Down
-- the log before knew no upstreams and requests as subjects
UPDATE "audit_log" SET "subject" = 'system' WHERE "subject" IN ('upstream', 'request');
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'model'::text, 'price'::text, 'session'::text, 'system'::text]));
ALTER TABLE "holds" DROP CONSTRAINT "holds_amounts", ADD CONSTRAINT "holds_amounts" CHECK ((credits >= 0) AND (delivered >= 0) AND (charged >= 0) AND (collected >= 0) AND (uncollected >= 0)), DROP COLUMN "tokens", DROP COLUMN "cost_micros";
ALTER TABLE "models" DROP CONSTRAINT "models_overrun", DROP COLUMN "overrun", DROP COLUMN "hosted_tools";
ALTER TABLE "usage" DROP COLUMN "request_id", DROP COLUMN "outcome", DROP COLUMN "source";
DROP TABLE "model_candidates";
DROP TABLE "requests";
DROP TABLE "upstream_days";
DROP TABLE "upstream_keys";
DROP TABLE "upstreams";
