-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_plans" table
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, `max_keys` integer NOT NULL DEFAULT 20, `user_rate_limit_per_minute` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1), CONSTRAINT `plans_max_keys` CHECK (max_keys >= 1 AND max_keys <= 10000), CONSTRAINT `plans_user_rate_limit_per_minute` CHECK (user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1)) WITHOUT ROWID;
-- copy rows from old table "plans" to new temporary table "new_plans"
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at` FROM `plans`;
-- drop "plans" table after copying rows
DROP TABLE `plans`;
-- rename temporary table "new_plans" to "plans"
ALTER TABLE `new_plans` RENAME TO `plans`;
-- create index "plans_name" to table: "plans"
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
-- create "new_api_keys" table
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, `scopes` text NOT NULL DEFAULT '', `allowed_addresses` text NOT NULL DEFAULT '', `created_by` text NOT NULL DEFAULT '', `created_by_key_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'disabled', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))) WITHOUT ROWID;
-- copy rows from old table "api_keys" to new temporary table "new_api_keys"
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search` FROM `api_keys`;
-- drop "api_keys" table after copying rows
DROP TABLE `api_keys`;
-- rename temporary table "new_api_keys" to "api_keys"
ALTER TABLE `new_api_keys` RENAME TO `api_keys`;
-- create index "api_keys_user_id" to table: "api_keys"
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
-- create index "api_keys_user_status" to table: "api_keys"
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
-- create index "api_keys_status" to table: "api_keys"
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
-- create index "api_keys_last_used_at" to table: "api_keys"
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
-- create index "api_keys_created_by_key_id" to table: "api_keys"
CREATE INDEX `api_keys_created_by_key_id` ON `api_keys` (`created_by_key_id`, `id`) WHERE created_by_key_id IS NOT NULL;
-- add column "key_id" to table: "audit_log"
ALTER TABLE `audit_log` ADD COLUMN `key_id` uuid NULL;
-- add column "key_prefix" to table: "audit_log"
ALTER TABLE `audit_log` ADD COLUMN `key_prefix` text NOT NULL DEFAULT '';
-- add column "wrong_codes" to table: "two_step"
ALTER TABLE `two_step` ADD COLUMN `wrong_codes` integer NOT NULL DEFAULT 0;
-- add column "wrong_day" to table: "two_step"
ALTER TABLE `two_step` ADD COLUMN `wrong_day` date NULL;
-- add column "locked_at" to table: "two_step"
ALTER TABLE `two_step` ADD COLUMN `locked_at` datetime NULL;
-- create "secret_key" table
CREATE TABLE `secret_key` (`id` integer NOT NULL, `fingerprint` blob NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `secret_key_one_row` CHECK (id = 1)) WITHOUT ROWID;
-- a plan whose users have more keys than the default keeps their largest count
UPDATE `plans` SET `max_keys` = MIN(10000, MAX(20, COALESCE((SELECT MAX(c.n) FROM (SELECT u.plan_id, COUNT(*) AS n FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.status <> 'revoked' GROUP BY k.user_id, u.plan_id) AS c WHERE c.plan_id = plans.id), 0)));
-- keys made before scopes existed keep all that their role allowed; the owner's e-mail and name are searched in users
UPDATE `api_keys` SET `scopes` = (SELECT CASE u.role WHEN 'service' THEN 'models usage keys charge service' WHEN 'admin' THEN 'models usage keys charge admin' ELSE 'models usage keys charge' END FROM users AS u WHERE u.id = api_keys.user_id), `search` = substr(search, length((SELECT u.search FROM users AS u WHERE u.id = api_keys.user_id)) + 1);
UPDATE `api_keys_search` SET `search` = (SELECT k.search FROM api_keys AS k WHERE k.id = api_keys_search.id);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
PRAGMA foreign_keys = off;
UPDATE `api_keys` SET `search` = (SELECT u.search FROM users AS u WHERE u.id = api_keys.user_id) || search;
UPDATE `api_keys_search` SET `search` = (SELECT k.search FROM api_keys AS k WHERE k.id = api_keys_search.id);
UPDATE `api_keys` SET `status` = 'revoked', `revoked_at` = COALESCE(last_used_at, created_at) WHERE status = 'disabled';
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1)) WITHOUT ROWID;
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at` FROM `plans`;
DROP TABLE `plans`;
ALTER TABLE `new_plans` RENAME TO `plans`;
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status = 'active' AND revoked_at IS NULL))) WITHOUT ROWID;
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search` FROM `api_keys`;
DROP TABLE `api_keys`;
ALTER TABLE `new_api_keys` RENAME TO `api_keys`;
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'session', 'system')));
INSERT INTO `new_audit_log` (`seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`) SELECT `seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search` FROM `audit_log`;
DROP TABLE `audit_log`;
ALTER TABLE `new_audit_log` RENAME TO `audit_log`;
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
CREATE TABLE `new_two_step` (`user_id` uuid NOT NULL, `secret` text NOT NULL, `confirmed` boolean NOT NULL, `last_step` integer NOT NULL, PRIMARY KEY (`user_id`), CONSTRAINT `two_step_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO `new_two_step` (`user_id`, `secret`, `confirmed`, `last_step`) SELECT `user_id`, `secret`, `confirmed`, `last_step` FROM `two_step`;
DROP TABLE `two_step`;
ALTER TABLE `new_two_step` RENAME TO `two_step`;
DROP TABLE `secret_key`;
PRAGMA foreign_keys = on;
