-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create index "api_keys_user_status" to table: "api_keys"
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
-- create "new_idempotency_keys" table
CREATE TABLE `new_idempotency_keys` (`key_id` uuid NOT NULL, `text` text NOT NULL, `fingerprint` blob NOT NULL, `day` date NOT NULL, `credits_used` integer NOT NULL, `daily_limit` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`key_id`, `text`), CONSTRAINT `idempotency_keys_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `idempotency_keys_amounts` CHECK (credits_used >= 0 AND daily_limit >= 0)) WITHOUT ROWID;
-- copy rows from old table "idempotency_keys" to new temporary table "new_idempotency_keys"
INSERT INTO `new_idempotency_keys` (`key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at`) SELECT `key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at` FROM `idempotency_keys`;
-- drop "idempotency_keys" table after copying rows
DROP TABLE `idempotency_keys`;
-- rename temporary table "new_idempotency_keys" to "idempotency_keys"
ALTER TABLE `new_idempotency_keys` RENAME TO `idempotency_keys`;
-- create index "idempotency_keys_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);
-- create "new_refusals" table
CREATE TABLE `new_refusals` (`day` date NOT NULL, `code` text NOT NULL, `requests` integer NOT NULL, PRIMARY KEY (`day`, `code`), CONSTRAINT `refusals_requests` CHECK (requests >= 0)) WITHOUT ROWID;
-- copy rows from old table "refusals" to new temporary table "new_refusals"
INSERT INTO `new_refusals` (`day`, `code`, `requests`) SELECT `day`, `code`, `requests` FROM `refusals`;
-- drop "refusals" table after copying rows
DROP TABLE `refusals`;
-- rename temporary table "new_refusals" to "refusals"
ALTER TABLE `new_refusals` RENAME TO `refusals`;
-- create "new_closed_days" table
CREATE TABLE `new_closed_days` (`day` date NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `users` integer NOT NULL, `keys` integer NOT NULL, PRIMARY KEY (`day`), CONSTRAINT `closed_days_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0 AND users >= 0 AND keys >= 0)) WITHOUT ROWID;
-- copy rows from old table "closed_days" to new temporary table "new_closed_days"
INSERT INTO `new_closed_days` (`day`, `requests`, `credits`, `cost_micros`, `users`, `keys`) SELECT `day`, `requests`, `credits`, `cost_micros`, `users`, `keys` FROM `closed_days`;
-- drop "closed_days" table after copying rows
DROP TABLE `closed_days`;
-- rename temporary table "new_closed_days" to "closed_days"
ALTER TABLE `new_closed_days` RENAME TO `closed_days`;
-- create "new_closed_day_models" table
CREATE TABLE `new_closed_day_models` (`day` date NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `model`), CONSTRAINT `closed_day_models_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `closed_day_models_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- copy rows from old table "closed_day_models" to new temporary table "new_closed_day_models"
INSERT INTO `new_closed_day_models` (`day`, `model`, `requests`, `credits`, `cost_micros`) SELECT `day`, `model`, `requests`, `credits`, `cost_micros` FROM `closed_day_models`;
-- drop "closed_day_models" table after copying rows
DROP TABLE `closed_day_models`;
-- rename temporary table "new_closed_day_models" to "closed_day_models"
ALTER TABLE `new_closed_day_models` RENAME TO `closed_day_models`;
-- create "new_closed_day_plans" table
CREATE TABLE `new_closed_day_plans` (`day` date NOT NULL, `plan_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `plan_id`), CONSTRAINT `closed_day_plans_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `closed_day_plans_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `closed_day_plans_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- copy rows from old table "closed_day_plans" to new temporary table "new_closed_day_plans"
INSERT INTO `new_closed_day_plans` (`day`, `plan_id`, `requests`, `credits`, `cost_micros`) SELECT `day`, `plan_id`, `requests`, `credits`, `cost_micros` FROM `closed_day_plans`;
-- drop "closed_day_plans" table after copying rows
DROP TABLE `closed_day_plans`;
-- rename temporary table "new_closed_day_plans" to "closed_day_plans"
ALTER TABLE `new_closed_day_plans` RENAME TO `closed_day_plans`;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
PRAGMA foreign_keys = off;
DROP INDEX `api_keys_user_status`;
CREATE TABLE `new_idempotency_keys` (`key_id` uuid NOT NULL, `text` text NOT NULL, `fingerprint` blob NOT NULL, `day` date NOT NULL, `credits_used` integer NOT NULL, `daily_limit` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`key_id`, `text`), CONSTRAINT `idempotency_keys_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO `new_idempotency_keys` (`key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at`) SELECT `key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at` FROM `idempotency_keys`;
DROP TABLE `idempotency_keys`;
ALTER TABLE `new_idempotency_keys` RENAME TO `idempotency_keys`;
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);
CREATE TABLE `new_refusals` (`day` date NOT NULL, `code` text NOT NULL, `requests` integer NOT NULL, PRIMARY KEY (`day`, `code`)) WITHOUT ROWID;
INSERT INTO `new_refusals` (`day`, `code`, `requests`) SELECT `day`, `code`, `requests` FROM `refusals`;
DROP TABLE `refusals`;
ALTER TABLE `new_refusals` RENAME TO `refusals`;
CREATE TABLE `new_closed_days` (`day` date NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `users` integer NOT NULL, `keys` integer NOT NULL, PRIMARY KEY (`day`)) WITHOUT ROWID;
INSERT INTO `new_closed_days` (`day`, `requests`, `credits`, `cost_micros`, `users`, `keys`) SELECT `day`, `requests`, `credits`, `cost_micros`, `users`, `keys` FROM `closed_days`;
DROP TABLE `closed_days`;
ALTER TABLE `new_closed_days` RENAME TO `closed_days`;
CREATE TABLE `new_closed_day_models` (`day` date NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `model`), CONSTRAINT `closed_day_models_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
INSERT INTO `new_closed_day_models` (`day`, `model`, `requests`, `credits`, `cost_micros`) SELECT `day`, `model`, `requests`, `credits`, `cost_micros` FROM `closed_day_models`;
DROP TABLE `closed_day_models`;
ALTER TABLE `new_closed_day_models` RENAME TO `closed_day_models`;
CREATE TABLE `new_closed_day_plans` (`day` date NOT NULL, `plan_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `plan_id`), CONSTRAINT `closed_day_plans_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `closed_day_plans_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT) WITHOUT ROWID;
INSERT INTO `new_closed_day_plans` (`day`, `plan_id`, `requests`, `credits`, `cost_micros`) SELECT `day`, `plan_id`, `requests`, `credits`, `cost_micros` FROM `closed_day_plans`;
DROP TABLE `closed_day_plans`;
ALTER TABLE `new_closed_day_plans` RENAME TO `closed_day_plans`;
PRAGMA foreign_keys = on;
