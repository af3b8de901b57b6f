-- +goose Up
-- create index "api_keys_user_status" to table: "api_keys"
CREATE INDEX "api_keys_user_status" ON "api_keys" ("user_id", "status", "id");
-- modify "closed_day_models" table
ALTER TABLE "closed_day_models" ADD CONSTRAINT "closed_day_models_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (cost_micros >= 0));
-- modify "closed_day_plans" table
ALTER TABLE "closed_day_plans" ADD CONSTRAINT "closed_day_plans_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (cost_micros >= 0));
-- modify "closed_days" table
ALTER TABLE "closed_days" ADD CONSTRAINT "closed_days_amounts" CHECK ((requests >= 0) AND (credits >= 0) AND (cost_micros >= 0) AND (users >= 0) AND (keys >= 0));
-- modify "idempotency_keys" table
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_amounts" CHECK ((credits_used >= 0) AND (daily_limit >= 0));
-- modify "refusals" table
ALTER TABLE "refusals" ADD CONSTRAINT "refusals_requests" CHECK (requests >= 0);

-- +goose Down
DROP INDEX "api_keys_user_status";
ALTER TABLE "closed_day_models" DROP CONSTRAINT "closed_day_models_amounts";
ALTER TABLE "closed_day_plans" DROP CONSTRAINT "closed_day_plans_amounts";
ALTER TABLE "closed_days" DROP CONSTRAINT "closed_days_amounts";
ALTER TABLE "idempotency_keys" DROP CONSTRAINT "idempotency_keys_amounts";
ALTER TABLE "refusals" DROP CONSTRAINT "refusals_requests";
