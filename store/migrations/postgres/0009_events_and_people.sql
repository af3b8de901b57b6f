-- +goose Up
-- modify "api_keys" table
ALTER TABLE "api_keys" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
-- create index "api_keys_expires_at" to table: "api_keys"
CREATE INDEX "api_keys_expires_at" ON "api_keys" ("expires_at", "id") WHERE ((expires_at IS NOT NULL) AND (status <> 'revoked'::text));
-- modify "audit_log" table
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'model'::text, 'price'::text, 'upstream'::text, 'request'::text, 'webhook'::text, 'setting'::text, 'session'::text, 'system'::text]));
-- modify "usage" table
ALTER TABLE "usage" ADD COLUMN "upstream_id" uuid NULL;
-- create "events" table
CREATE TABLE "events" ("id" uuid NOT NULL, "at" timestamptz NOT NULL, "type" text NOT NULL, "user_id" uuid NULL, "subject_id" uuid NULL, "data" text NOT NULL, "once" text NULL, PRIMARY KEY ("id"));
-- create index "events_once" to table: "events"
CREATE UNIQUE INDEX "events_once" ON "events" ("once") WHERE (once IS NOT NULL);
-- create index "events_subject_id" to table: "events"
CREATE INDEX "events_subject_id" ON "events" ("subject_id", "id") WHERE (subject_id IS NOT NULL);
-- create index "events_user_id" to table: "events"
CREATE INDEX "events_user_id" ON "events" ("user_id", "id") WHERE (user_id IS NOT NULL);
-- create "mail_turns" table
CREATE TABLE "mail_turns" ("hash" bytea NOT NULL, "at" timestamptz NOT NULL, PRIMARY KEY ("hash"));
-- create "openid_sign_ins" table
CREATE TABLE "openid_sign_ins" ("state_hash" bytea NOT NULL, "browser_hash" bytea NOT NULL, "nonce" text NOT NULL, "verifier" text NOT NULL, "next" text NOT NULL, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("state_hash"));
-- create index "openid_sign_ins_expires_at" to table: "openid_sign_ins"
CREATE INDEX "openid_sign_ins_expires_at" ON "openid_sign_ins" ("expires_at");
-- create "settings" table
CREATE TABLE "settings" ("name" text NOT NULL, "value" text NOT NULL, "changed_at" timestamptz NOT NULL, PRIMARY KEY ("name"));
-- create "webhooks" table
CREATE TABLE "webhooks" ("id" uuid NOT NULL, "url" text NOT NULL, "description" text NOT NULL, "types" text NOT NULL, "secret" text NOT NULL, "previous_secret" text NOT NULL, "previous_ends_at" timestamptz NULL, "enabled" boolean NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create "deliveries" table
CREATE TABLE "deliveries" ("webhook_id" uuid NOT NULL, "event_id" uuid NOT NULL, "user_id" uuid NULL, "status" text NOT NULL, "attempts" bigint NOT NULL DEFAULT 0, "tries" text NOT NULL DEFAULT '[]', "due_at" timestamptz NOT NULL, "answer" text NOT NULL DEFAULT '', "ended_at" timestamptz NULL, PRIMARY KEY ("webhook_id", "event_id"), CONSTRAINT "deliveries_event" FOREIGN KEY ("event_id") REFERENCES "events" ("id") ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT "deliveries_attempts" CHECK (attempts >= 0), CONSTRAINT "deliveries_status" CHECK (status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])));
-- create index "deliveries_due" to table: "deliveries"
CREATE INDEX "deliveries_due" ON "deliveries" ("due_at", "webhook_id", "event_id") WHERE (status = 'pending'::text);
-- create index "deliveries_ended_at" to table: "deliveries"
CREATE INDEX "deliveries_ended_at" ON "deliveries" ("ended_at") WHERE (ended_at IS NOT NULL);
-- create index "deliveries_event_id" to table: "deliveries"
CREATE INDEX "deliveries_event_id" ON "deliveries" ("event_id");
-- create index "deliveries_waiting" to table: "deliveries"
CREATE INDEX "deliveries_waiting" ON "deliveries" ("webhook_id", "user_id", "event_id") WHERE (status = 'pending'::text);
-- modify "users" table
ALTER TABLE "users" DROP CONSTRAINT "users_role", ADD CONSTRAINT "users_role" CHECK (role = ANY (ARRAY['user'::text, 'service'::text, 'admin'::text, 'viewer'::text])), ADD COLUMN "external_id" text NULL, ADD COLUMN "metadata" text NOT NULL DEFAULT '{}', ADD COLUMN "note" text NOT NULL DEFAULT '', ADD COLUMN "erased_at" timestamptz NULL;
-- create index "users_external_id" to table: "users"
CREATE UNIQUE INDEX "users_external_id" ON "users" ("external_id") WHERE (external_id IS NOT NULL);
-- create "openid_identities" table
CREATE TABLE "openid_identities" ("issuer" text NOT NULL, "subject" text NOT NULL, "user_id" uuid NOT NULL, "linked_at" timestamptz NOT NULL, "last_at" timestamptz NOT NULL, PRIMARY KEY ("issuer", "subject"), CONSTRAINT "openid_identities_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "openid_identities_user_id" to table: "openid_identities"
CREATE INDEX "openid_identities_user_id" ON "openid_identities" ("user_id");
-- create "reset_links" table
CREATE TABLE "reset_links" ("token_hash" bytea NOT NULL, "user_id" uuid NOT NULL, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("token_hash"), CONSTRAINT "reset_links_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE CASCADE);
-- create index "reset_links_user_id" to table: "reset_links"
CREATE INDEX "reset_links_user_id" ON "reset_links" ("user_id");

-- +goose Down
UPDATE "audit_log" SET "subject" = 'system' WHERE "subject" IN ('webhook', 'setting');
UPDATE "users" SET "role" = 'user' WHERE "role" = 'viewer';
DROP INDEX "api_keys_expires_at";
ALTER TABLE "api_keys" DROP COLUMN "metadata";
ALTER TABLE "audit_log" DROP CONSTRAINT "audit_log_subject_kind", ADD CONSTRAINT "audit_log_subject_kind" CHECK (subject = ANY (ARRAY['user'::text, 'key'::text, 'plan'::text, 'model'::text, 'price'::text, 'upstream'::text, 'request'::text, 'session'::text, 'system'::text]));
ALTER TABLE "usage" DROP COLUMN "upstream_id";
ALTER TABLE "users" DROP CONSTRAINT "users_role", ADD CONSTRAINT "users_role" CHECK (role = ANY (ARRAY['user'::text, 'service'::text, 'admin'::text])), DROP COLUMN "external_id", DROP COLUMN "metadata", DROP COLUMN "note", DROP COLUMN "erased_at";
DROP TABLE "deliveries";
DROP TABLE "mail_turns";
DROP TABLE "openid_identities";
DROP TABLE "openid_sign_ins";
DROP TABLE "reset_links";
DROP TABLE "settings";
DROP TABLE "webhooks";
DROP TABLE "events";
