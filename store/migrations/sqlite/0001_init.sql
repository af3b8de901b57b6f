-- +goose Up
-- create "plans" table
CREATE TABLE `plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1)) WITHOUT ROWID;
-- create index "plans_name" to table: "plans"
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
-- create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `name` text NOT NULL, `plan_id` uuid NOT NULL, `role` text NOT NULL, `status` text NOT NULL, `password_hash` text NOT NULL, `created_at` datetime NOT NULL, `search` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `users_role` CHECK (role IN ('user', 'service', 'admin')), CONSTRAINT `users_status` CHECK (status IN ('active', 'suspended'))) WITHOUT ROWID;
-- create index "users_email" to table: "users"
CREATE UNIQUE INDEX `users_email` ON `users` (`email_folded`);
-- create index "users_plan_id" to table: "users"
CREATE INDEX `users_plan_id` ON `users` (`plan_id`, `id`);
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status = 'active' AND revoked_at IS NULL))) WITHOUT ROWID;
-- create index "api_keys_user_id" to table: "api_keys"
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
-- create "key_secrets" table
CREATE TABLE `key_secrets` (`hash` blob NOT NULL, `key_id` uuid NOT NULL, `ends_at` datetime NULL, PRIMARY KEY (`hash`), CONSTRAINT `key_secrets_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "key_secrets_own" to table: "key_secrets"
CREATE UNIQUE INDEX `key_secrets_own` ON `key_secrets` (`key_id`) WHERE ends_at IS NULL;
-- create index "key_secrets_key_id" to table: "key_secrets"
CREATE INDEX `key_secrets_key_id` ON `key_secrets` (`key_id`);
-- create "usage" table
CREATE TABLE `usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- create "daily_usage" table
CREATE TABLE `daily_usage` (`day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `key_id`), CONSTRAINT `daily_usage_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_amounts` CHECK (requests >= 0 AND credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- create index "daily_usage_user_id_day" to table: "daily_usage"
CREATE INDEX `daily_usage_user_id_day` ON `daily_usage` (`user_id`, `day`);
-- create "model_usage" table
CREATE TABLE `model_usage` (`day` date NOT NULL, `user_id` uuid NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `model`), CONSTRAINT `model_usage_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `model_usage_amounts` CHECK (requests >= 0 AND credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- create index "model_usage_user_id_day" to table: "model_usage"
CREATE INDEX `model_usage_user_id_day` ON `model_usage` (`user_id`, `day`);
-- create "user_days" table
CREATE TABLE `user_days` (`day` date NOT NULL, `user_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `last_charge_id` uuid NOT NULL, `h00` integer NOT NULL DEFAULT 0, `h01` integer NOT NULL DEFAULT 0, `h02` integer NOT NULL DEFAULT 0, `h03` integer NOT NULL DEFAULT 0, `h04` integer NOT NULL DEFAULT 0, `h05` integer NOT NULL DEFAULT 0, `h06` integer NOT NULL DEFAULT 0, `h07` integer NOT NULL DEFAULT 0, `h08` integer NOT NULL DEFAULT 0, `h09` integer NOT NULL DEFAULT 0, `h10` integer NOT NULL DEFAULT 0, `h11` integer NOT NULL DEFAULT 0, `h12` integer NOT NULL DEFAULT 0, `h13` integer NOT NULL DEFAULT 0, `h14` integer NOT NULL DEFAULT 0, `h15` integer NOT NULL DEFAULT 0, `h16` integer NOT NULL DEFAULT 0, `h17` integer NOT NULL DEFAULT 0, `h18` integer NOT NULL DEFAULT 0, `h19` integer NOT NULL DEFAULT 0, `h20` integer NOT NULL DEFAULT 0, `h21` integer NOT NULL DEFAULT 0, `h22` integer NOT NULL DEFAULT 0, `h23` integer NOT NULL DEFAULT 0, PRIMARY KEY (`day`, `user_id`), CONSTRAINT `user_days_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `user_days_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- create index "user_days_user_id_day" to table: "user_days"
CREATE INDEX `user_days_user_id_day` ON `user_days` (`user_id`, `day`);
-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`key_id` uuid NOT NULL, `text` text NOT NULL, `fingerprint` blob NOT NULL, `day` date NOT NULL, `credits_used` integer NOT NULL, `daily_limit` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`key_id`, `text`), CONSTRAINT `idempotency_keys_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "idempotency_keys_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);
-- create "retention" table
CREATE TABLE `retention` (`id` integer NOT NULL, `kept_from` date NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `retention_one_row` CHECK (id = 1)) WITHOUT ROWID;
-- create "reconciliations" table
CREATE TABLE `reconciliations` (`id` uuid NOT NULL, `at` datetime NOT NULL, `took_millis` integer NOT NULL, `charges` integer NOT NULL, `days` integer NOT NULL, `days_gone` integer NOT NULL, `differences` integer NOT NULL, `details` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `reconciliations_counts` CHECK (took_millis >= 0 AND charges >= 0 AND days >= 0 AND days_gone >= 0 AND differences >= 0)) WITHOUT ROWID;
-- create "audit_log" table
CREATE TABLE `audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'session', 'system')));
-- create index "audit_log_subject" to table: "audit_log"
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
-- create "console_sessions" table
CREATE TABLE `console_sessions` (`token_hash` blob NOT NULL, `id` uuid NOT NULL, `user_id` uuid NOT NULL, `created_at` datetime NOT NULL, `last_seen_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `address` text NOT NULL, `user_agent` text NOT NULL, PRIMARY KEY (`token_hash`), CONSTRAINT `console_sessions_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "console_sessions_user_id" to table: "console_sessions"
CREATE INDEX `console_sessions_user_id` ON `console_sessions` (`user_id`, `created_at`);
-- create index "console_sessions_id" to table: "console_sessions"
CREATE UNIQUE INDEX `console_sessions_id` ON `console_sessions` (`id`);
-- searches by part: trigrams of what users, keys and audit entries are found by
CREATE VIRTUAL TABLE users_search USING fts5 (search, id UNINDEXED, tokenize = 'trigram', detail = 'none');
CREATE VIRTUAL TABLE api_keys_search USING fts5 (search, id UNINDEXED, tokenize = 'trigram', detail = 'none');
CREATE VIRTUAL TABLE audit_log_search USING fts5 (search, id UNINDEXED, tokenize = 'trigram', detail = 'none');
-- the plans that every installation begins with
INSERT INTO plans (id, name, name_folded, daily_credit_limit, price_cents, rate_limit_per_minute, features, archived, created_at) VALUES
  (X'019b7617e80070008000000000000001', 'Starter', 'starter', 75, 1000, 100, '{}', 0, 1767225600000000),
  (X'019b7617e80070008000000000000002', 'Pro', 'pro', 250, 3000, 100, '{}', 0, 1767225600000000),
  (X'019b7617e80070008000000000000003', 'Business', 'business', 500, 5000, 100, '{}', 0, 1767225600000000);

-- +goose Down
DROP TABLE audit_log_search;
DROP TABLE api_keys_search;
DROP TABLE users_search;
DROP INDEX `console_sessions_id`;
DROP INDEX `console_sessions_user_id`;
DROP TABLE `console_sessions`;
DROP INDEX `audit_log_subject`;
DROP TABLE `audit_log`;
DROP TABLE `reconciliations`;
DROP TABLE `retention`;
DROP INDEX `idempotency_keys_created_at`;
DROP TABLE `idempotency_keys`;
DROP INDEX `user_days_user_id_day`;
DROP TABLE `user_days`;
DROP INDEX `model_usage_user_id_day`;
DROP TABLE `model_usage`;
DROP INDEX `daily_usage_user_id_day`;
DROP TABLE `daily_usage`;
DROP TABLE `usage`;
DROP INDEX `key_secrets_key_id`;
DROP INDEX `key_secrets_own`;
DROP TABLE `key_secrets`;
DROP INDEX `api_keys_user_id`;
DROP TABLE `api_keys`;
DROP INDEX `users_plan_id`;
DROP INDEX `users_email`;
DROP TABLE `users`;
DROP INDEX `plans_name`;
DROP TABLE `plans`;
