-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_audit_log" table
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'model', 'price', 'session', 'system')));
-- copy rows from old table "audit_log" to new temporary table "new_audit_log"
INSERT INTO `new_audit_log` (`seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix`) SELECT `seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix` FROM `audit_log`;
-- drop "audit_log" table after copying rows
DROP TABLE `audit_log`;
-- rename temporary table "new_audit_log" to "audit_log"
ALTER TABLE `new_audit_log` RENAME TO `audit_log`;
-- create index "audit_log_subject" to table: "audit_log"
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
-- create index "audit_log_action" to table: "audit_log"
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
-- create index "audit_log_at" to table: "audit_log"
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
-- add column "price_id" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `price_id` uuid NULL;
-- add column "tokens" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `tokens` text NULL;
-- add column "models" to table: "plans"
ALTER TABLE `plans` ADD COLUMN `models` text NULL;
-- add column "models" to table: "api_keys"
ALTER TABLE `api_keys` ADD COLUMN `models` text NULL;
-- add column "price_id" to table: "holds"
ALTER TABLE `holds` ADD COLUMN `price_id` uuid NULL;
-- create "daily_tokens" table
CREATE TABLE `daily_tokens` (`day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `model` text NOT NULL, `price_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cache_read` integer NOT NULL, `cache_write` integer NOT NULL, `cache_write_1h` integer NOT NULL, `audio_input` integer NOT NULL, `audio_output` integer NOT NULL, `reasoning` integer NOT NULL, `web_searches` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `key_id`, `model`, `price_id`), CONSTRAINT `daily_tokens_price` FOREIGN KEY (`price_id`) REFERENCES `prices` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_tokens_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_tokens_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_tokens_amounts` CHECK (requests >= 0 AND cost_micros >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0)) WITHOUT ROWID;
-- create index "daily_tokens_user_id_day" to table: "daily_tokens"
CREATE INDEX `daily_tokens_user_id_day` ON `daily_tokens` (`user_id`, `day`);
-- create "models" table
CREATE TABLE `models` (`id` uuid NOT NULL, `name` text NOT NULL, `aliases` text NOT NULL, `display_name` text NOT NULL, `description` text NOT NULL, `context_window` integer NULL, `output_allowance` integer NOT NULL, `plans` text NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `models_output_allowance` CHECK (output_allowance >= 1), CONSTRAINT `models_context_window` CHECK (context_window IS NULL OR context_window >= 1)) WITHOUT ROWID;
-- create index "models_name" to table: "models"
CREATE UNIQUE INDEX `models_name` ON `models` (`name`);
-- create "prices" table
CREATE TABLE `prices` (`id` uuid NOT NULL, `model` text NOT NULL, `valid_from` datetime NOT NULL, `terms` text NOT NULL, `source` text NOT NULL, `created_at` datetime NOT NULL, `created_by` text NOT NULL, PRIMARY KEY (`id`)) WITHOUT ROWID;
-- create index "prices_model" to table: "prices"
CREATE INDEX `prices_model` ON `prices` (`model`, `valid_from`, `id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
PRAGMA foreign_keys = off;
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, `max_keys` integer NOT NULL DEFAULT 20, `user_rate_limit_per_minute` integer NULL, `monthly_credit_limit` integer NULL, `user_concurrency_limit` integer NULL, `position` integer NOT NULL DEFAULT 0, `is_default` boolean NOT NULL DEFAULT false, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1), CONSTRAINT `plans_max_keys` CHECK (max_keys >= 1 AND max_keys <= 10000), CONSTRAINT `plans_monthly_credit_limit` CHECK (monthly_credit_limit IS NULL OR monthly_credit_limit >= 0), CONSTRAINT `plans_user_concurrency_limit` CHECK (user_concurrency_limit IS NULL OR user_concurrency_limit >= 1), CONSTRAINT `plans_user_rate_limit_per_minute` CHECK (user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1)) WITHOUT ROWID;
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `monthly_credit_limit`, `user_concurrency_limit`, `position`, `is_default`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `monthly_credit_limit`, `user_concurrency_limit`, `position`, `is_default` FROM `plans`;
DROP TABLE `plans`;
ALTER TABLE `new_plans` RENAME TO `plans`;
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
CREATE UNIQUE INDEX `plans_is_default` ON `plans` (`is_default`) WHERE is_default;
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, `scopes` text NOT NULL DEFAULT '', `allowed_addresses` text NOT NULL DEFAULT '', `created_by` text NOT NULL DEFAULT '', `created_by_key_id` uuid NULL, `daily_credit_limit` integer NULL, `rate_limit_per_minute` integer NULL, `concurrency_limit` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_daily_credit_limit` CHECK (daily_credit_limit IS NULL OR daily_credit_limit >= 0), CONSTRAINT `api_keys_rate_limit_per_minute` CHECK (rate_limit_per_minute IS NULL OR rate_limit_per_minute >= 1), CONSTRAINT `api_keys_concurrency_limit` CHECK (concurrency_limit IS NULL OR concurrency_limit >= 1), CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'disabled', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))) WITHOUT ROWID;
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`, `daily_credit_limit`, `rate_limit_per_minute`, `concurrency_limit`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`, `daily_credit_limit`, `rate_limit_per_minute`, `concurrency_limit` FROM `api_keys`;
DROP TABLE `api_keys`;
ALTER TABLE `new_api_keys` RENAME TO `api_keys`;
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
CREATE INDEX `api_keys_created_by_key_id` ON `api_keys` (`created_by_key_id`, `id`) WHERE created_by_key_id IS NOT NULL;
CREATE INDEX `api_keys_limited` ON `api_keys` (`user_id`, `id`) WHERE daily_credit_limit IS NOT NULL OR concurrency_limit IS NOT NULL;
CREATE TABLE `new_usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, `millionths` integer NOT NULL DEFAULT 0, `granted` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `adjusts_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0 AND (adjusts_id IS NOT NULL OR (credits >= 0 AND granted >= 0 AND uncollected >= 0)))) WITHOUT ROWID;
INSERT INTO `new_usage` (`id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id`) SELECT `id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id` FROM `usage`;
DROP TABLE `usage`;
ALTER TABLE `new_usage` RENAME TO `usage`;
CREATE INDEX `usage_adjustments` ON `usage` (`day`, `adjusts_id`) WHERE adjusts_id IS NOT NULL;
DROP TABLE `daily_tokens`;
DROP TABLE `models`;
DROP TABLE `prices`;
CREATE TABLE `new_holds` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `credits` integer NOT NULL, `draws` text NOT NULL, `delivered` integer NOT NULL, `on_expiry` text NOT NULL, `model` text NOT NULL, `request_id` text NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `status` text NOT NULL, `ended_at` datetime NULL, `charge_id` uuid NULL, `charged_day` date NULL, `charged` integer NOT NULL DEFAULT 0, `collected` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `settlement` blob NULL, `figures` text NOT NULL DEFAULT '', PRIMARY KEY (`id`), CONSTRAINT `holds_amounts` CHECK (credits >= 0 AND delivered >= 0 AND charged >= 0 AND collected >= 0 AND uncollected >= 0), CONSTRAINT `holds_status` CHECK (status IN ('open', 'settled', 'released', 'expired')), CONSTRAINT `holds_on_expiry` CHECK (on_expiry IN ('release', 'charge'))) WITHOUT ROWID;
INSERT INTO `new_holds` (`id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures`) SELECT `id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures` FROM `holds`;
DROP TABLE `holds`;
ALTER TABLE `new_holds` RENAME TO `holds`;
CREATE INDEX `holds_open` ON `holds` (`user_id`, `expires_at`) WHERE status = 'open';
-- the log before knew no models and prices as subjects
UPDATE `audit_log` SET `subject` = 'system' WHERE `subject` IN ('model', 'price');
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'session', 'system')));
INSERT INTO `new_audit_log` (`seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix`) SELECT `seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix` FROM `audit_log`;
DROP TABLE `audit_log`;
ALTER TABLE `new_audit_log` RENAME TO `audit_log`;
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
PRAGMA foreign_keys = on;
