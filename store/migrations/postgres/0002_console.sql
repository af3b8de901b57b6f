-- +goose Up
-- create "refusals" table
CREATE TABLE "refusals" ("day" date NOT NULL, "code" text NOT NULL, "requests" bigint NOT NULL, PRIMARY KEY ("day", "code"));
-- create index "audit_log_action" to table: "audit_log"
CREATE INDEX "audit_log_action" ON "audit_log" ("action", "seq");
-- create index "audit_log_at" to table: "audit_log"
CREATE INDEX "audit_log_at" ON "audit_log" ("at");
-- create "closed_days" table
CREATE TABLE "closed_days" ("day" date NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "cost_micros" bigint NOT NULL, "users" bigint NOT NULL, "keys" bigint NOT NULL, PRIMARY KEY ("day"));
-- create index "api_keys_last_used_at" to table: "api_keys"
CREATE INDEX "api_keys_last_used_at" ON "api_keys" ("status", "last_used_at", "id");
-- create index "api_keys_status" to table: "api_keys"
CREATE INDEX "api_keys_status" ON "api_keys" ("status", "id");
-- create "setup_links" table
CREATE TABLE "setup_links" ("token_hash" bytea NOT NULL, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("token_hash"));
-- create "closed_day_models" table
CREATE TABLE "closed_day_models" ("day" date NOT NULL, "model" text NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "cost_micros" bigint NOT NULL, PRIMARY KEY ("day", "model"), CONSTRAINT "closed_day_models_day" FOREIGN KEY ("day") REFERENCES "closed_days" ("day") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create "closed_day_plans" table
CREATE TABLE "closed_day_plans" ("day" date NOT NULL, "plan_id" uuid NOT NULL, "requests" bigint NOT NULL, "credits" bigint NOT NULL, "cost_micros" bigint NOT NULL, PRIMARY KEY ("day", "plan_id"), CONSTRAINT "closed_day_plans_day" FOREIGN KEY ("day") REFERENCES "closed_days" ("day") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "closed_day_plans_plan" FOREIGN KEY ("plan_id") REFERENCES "plans" ("id") ON UPDATE NO ACTION ON DELETE RESTRICT);
-- create index "users_role" to table: "users"
CREATE INDEX "users_role" ON "users" ("role", "id");
-- create index "users_status" to table: "users"
CREATE INDEX "users_status" ON "users" ("status", "id");
-- create "known_browsers" table
CREATE TABLE "known_browsers" ("token_hash" bytea NOT NULL, "user_id" uuid NOT NULL, "seen_at" timestamptz NOT NULL, PRIMARY KEY ("token_hash"), CONSTRAINT "known_browsers_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "known_browsers_user_id" to table: "known_browsers"
CREATE INDEX "known_browsers_user_id" ON "known_browsers" ("user_id", "seen_at");
-- create "recovery_codes" table
CREATE TABLE "recovery_codes" ("user_id" uuid NOT NULL, "hash" bytea NOT NULL, PRIMARY KEY ("user_id", "hash"), CONSTRAINT "recovery_codes_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- modify "console_sessions" table
ALTER TABLE "console_sessions" ADD COLUMN "code_pending" boolean NOT NULL DEFAULT false;
-- create "taken_forms" table
CREATE TABLE "taken_forms" ("session_id" uuid NOT NULL, "form" text NOT NULL, PRIMARY KEY ("session_id", "form"), CONSTRAINT "taken_forms_session" FOREIGN KEY ("session_id") REFERENCES "console_sessions" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create "two_step" table
CREATE TABLE "two_step" ("user_id" uuid NOT NULL, "secret" text NOT NULL, "confirmed" boolean NOT NULL, "last_step" bigint NOT NULL, PRIMARY KEY ("user_id"), CONSTRAINT "two_step_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);

-- +goose Down
DROP TABLE "two_step";
DROP TABLE "taken_forms";
ALTER TABLE "console_sessions" DROP COLUMN "code_pending";
DROP TABLE "recovery_codes";
DROP INDEX "known_browsers_user_id";
DROP TABLE "known_browsers";
DROP INDEX "users_status";
DROP INDEX "users_role";
DROP TABLE "closed_day_plans";
DROP TABLE "closed_day_models";
DROP TABLE "setup_links";
DROP INDEX "api_keys_status";
DROP INDEX "api_keys_last_used_at";
DROP TABLE "closed_days";
DROP INDEX "audit_log_at";
DROP INDEX "audit_log_action";
DROP TABLE "refusals";
