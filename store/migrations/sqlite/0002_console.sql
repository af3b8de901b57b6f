-- +goose Up
-- create index "users_role" to table: "users"
CREATE INDEX `users_role` ON `users` (`role`, `id`);
-- create index "users_status" to table: "users"
CREATE INDEX `users_status` ON `users` (`status`, `id`);
-- create index "api_keys_status" to table: "api_keys"
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
-- create index "api_keys_last_used_at" to table: "api_keys"
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
-- create index "audit_log_action" to table: "audit_log"
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
-- create index "audit_log_at" to table: "audit_log"
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
-- add column "code_pending" to table: "console_sessions"
ALTER TABLE `console_sessions` ADD COLUMN `code_pending` boolean NOT NULL DEFAULT false;
-- create "two_step" table
CREATE TABLE `two_step` (`user_id` uuid NOT NULL, `secret` text NOT NULL, `confirmed` boolean NOT NULL, `last_step` integer NOT NULL, PRIMARY KEY (`user_id`), CONSTRAINT `two_step_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create "recovery_codes" table
CREATE TABLE `recovery_codes` (`user_id` uuid NOT NULL, `hash` blob NOT NULL, PRIMARY KEY (`user_id`, `hash`), CONSTRAINT `recovery_codes_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create "known_browsers" table
CREATE TABLE `known_browsers` (`token_hash` blob NOT NULL, `user_id` uuid NOT NULL, `seen_at` datetime NOT NULL, PRIMARY KEY (`token_hash`), CONSTRAINT `known_browsers_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "known_browsers_user_id" to table: "known_browsers"
CREATE INDEX `known_browsers_user_id` ON `known_browsers` (`user_id`, `seen_at`);
-- create "taken_forms" table
CREATE TABLE `taken_forms` (`session_id` uuid NOT NULL, `form` text NOT NULL, PRIMARY KEY (`session_id`, `form`), CONSTRAINT `taken_forms_session` FOREIGN KEY (`session_id`) REFERENCES `console_sessions` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create "setup_links" table
CREATE TABLE `setup_links` (`token_hash` blob NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`token_hash`)) WITHOUT ROWID;
-- create "refusals" table
CREATE TABLE `refusals` (`day` date NOT NULL, `code` text NOT NULL, `requests` integer NOT NULL, PRIMARY KEY (`day`, `code`)) WITHOUT ROWID;
-- create "closed_days" table
CREATE TABLE `closed_days` (`day` date NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `users` integer NOT NULL, `keys` integer NOT NULL, PRIMARY KEY (`day`)) WITHOUT ROWID;
-- create "closed_day_models" table
CREATE TABLE `closed_day_models` (`day` date NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `model`), CONSTRAINT `closed_day_models_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create "closed_day_plans" table
CREATE TABLE `closed_day_plans` (`day` date NOT NULL, `plan_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `plan_id`), CONSTRAINT `closed_day_plans_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `closed_day_plans_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;

-- +goose Down
DROP TABLE `closed_day_plans`;
DROP TABLE `closed_day_models`;
DROP TABLE `closed_days`;
DROP TABLE `refusals`;
DROP TABLE `setup_links`;
DROP TABLE `taken_forms`;
DROP INDEX `known_browsers_user_id`;
DROP TABLE `known_browsers`;
DROP TABLE `recovery_codes`;
DROP TABLE `two_step`;
ALTER TABLE `console_sessions` DROP COLUMN `code_pending`;
DROP INDEX `audit_log_at`;
DROP INDEX `audit_log_action`;
DROP INDEX `api_keys_last_used_at`;
DROP INDEX `api_keys_status`;
DROP INDEX `users_status`;
DROP INDEX `users_role`;
