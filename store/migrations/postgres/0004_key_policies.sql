-- +goose Up
-- modify "api_keys" table
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_revoked_at", ADD CONSTRAINT "api_keys_revoked_at" CHECK (((status = 'revoked'::text) AND (revoked_at IS NOT NULL)) OR ((status = ANY (ARRAY['active'::text, 'disabled'::text])) AND (revoked_at IS NULL))), DROP CONSTRAINT "api_keys_status", ADD CONSTRAINT "api_keys_status" CHECK (status = ANY (ARRAY['active'::text, 'disabled'::text, 'revoked'::text])), ADD COLUMN "scopes" text NOT NULL DEFAULT '', ADD COLUMN "allowed_addresses" text NOT NULL DEFAULT '', ADD COLUMN "created_by" text NOT NULL DEFAULT '', ADD COLUMN "created_by_key_id" uuid NULL;
-- create index "api_keys_created_by_key_id" to table: "api_keys"
CREATE INDEX "api_keys_created_by_key_id" ON "api_keys" ("created_by_key_id", "id") WHERE (created_by_key_id IS NOT NULL);
-- modify "audit_log" table
ALTER TABLE "audit_log" ADD COLUMN "key_id" uuid NULL, ADD COLUMN "key_prefix" text NOT NULL DEFAULT '';
-- modify "plans" table
ALTER TABLE "plans" ADD CONSTRAINT "plans_max_keys" CHECK ((max_keys >= 1) AND (max_keys <= 10000)), ADD CONSTRAINT "plans_user_rate_limit_per_minute" CHECK ((user_rate_limit_per_minute IS NULL) OR (user_rate_limit_per_minute >= 1)), ADD COLUMN "max_keys" bigint NOT NULL DEFAULT 20, ADD COLUMN "user_rate_limit_per_minute" bigint NULL;
-- modify "two_step" table
ALTER TABLE "two_step" ADD COLUMN "wrong_codes" bigint NOT NULL DEFAULT 0, ADD COLUMN "wrong_day" date NULL, ADD COLUMN "locked_at" timestamptz NULL;
-- create "secret_key" table
CREATE TABLE "secret_key" ("id" bigint NOT NULL, "fingerprint" bytea NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "secret_key_one_row" CHECK (id = 1));
-- a plan whose users have more keys than the default keeps their largest count
UPDATE "plans" SET "max_keys" = LEAST(10000, GREATEST(20, COALESCE((SELECT MAX(c.n) FROM (SELECT u.plan_id, COUNT(*) AS n FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.status <> 'revoked' GROUP BY k.user_id, u.plan_id) AS c WHERE c.plan_id = plans.id), 0)));
-- keys made before scopes existed keep all that their role allowed; the owner's e-mail and name are searched in users
DROP INDEX "api_keys_search";
UPDATE "api_keys" SET "scopes" = CASE u.role WHEN 'service' THEN 'models usage keys charge service' WHEN 'admin' THEN 'models usage keys charge admin' ELSE 'models usage keys charge' END, "search" = substr(api_keys.search, length(u.search) + 1) FROM "users" AS u WHERE u.id = api_keys.user_id;
CREATE INDEX "api_keys_search" ON "api_keys" USING gin ("search" gin_trgm_ops);

-- +goose Down
DROP INDEX "api_keys_search";
UPDATE "api_keys" SET "search" = u.search || api_keys.search FROM "users" AS u WHERE u.id = api_keys.user_id;
CREATE INDEX "api_keys_search" ON "api_keys" USING gin ("search" gin_trgm_ops);
UPDATE "api_keys" SET "status" = 'revoked', "revoked_at" = COALESCE(last_used_at, created_at) WHERE status = 'disabled';
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_revoked_at", ADD CONSTRAINT "api_keys_revoked_at" CHECK (((status = 'revoked'::text) AND (revoked_at IS NOT NULL)) OR ((status = 'active'::text) AND (revoked_at IS NULL))), DROP CONSTRAINT "api_keys_status", ADD CONSTRAINT "api_keys_status" CHECK (status = ANY (ARRAY['active'::text, 'revoked'::text])), DROP COLUMN "scopes", DROP COLUMN "allowed_addresses", DROP COLUMN "created_by", DROP COLUMN "created_by_key_id";
ALTER TABLE "audit_log" DROP COLUMN "key_id", DROP COLUMN "key_prefix";
ALTER TABLE "plans" DROP CONSTRAINT "plans_max_keys", DROP CONSTRAINT "plans_user_rate_limit_per_minute", DROP COLUMN "max_keys", DROP COLUMN "user_rate_limit_per_minute";
ALTER TABLE "two_step" DROP COLUMN "wrong_codes", DROP COLUMN "wrong_day", DROP COLUMN "locked_at";
DROP TABLE "secret_key";
