-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_users" table
CREATE TABLE `new_users` (`id` uuid NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `name` text NOT NULL, `plan_id` uuid NOT NULL, `role` text NOT NULL, `status` text NOT NULL, `password_hash` text NOT NULL, `created_at` datetime NOT NULL, `search` text NOT NULL, `external_id` text NULL, `metadata` text NOT NULL DEFAULT '{}', `note` text NOT NULL DEFAULT '', `erased_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `users_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `users_role` CHECK (role IN ('user', 'service', 'admin', 'viewer')), CONSTRAINT `users_status` CHECK (status IN ('active', 'suspended'))) WITHOUT ROWID;
-- copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `email`, `email_folded`, `name`, `plan_id`, `role`, `status`, `password_hash`, `created_at`, `search`) SELECT `id`, `email`, `email_folded`, `name`, `plan_id`, `role`, `status`, `password_hash`, `created_at`, `search` FROM `users`;
-- drop "users" table after copying rows
DROP TABLE `users`;
-- rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- create index "users_email" to table: "users"
CREATE UNIQUE INDEX `users_email` ON `users` (`email_folded`);
-- create index "users_plan_id" to table: "users"
CREATE INDEX `users_plan_id` ON `users` (`plan_id`, `id`);
-- create index "users_external_id" to table: "users"
CREATE UNIQUE INDEX `users_external_id` ON `users` (`external_id`) WHERE external_id IS NOT NULL;
-- create index "users_role" to table: "users"
CREATE INDEX `users_role` ON `users` (`role`, `id`);
-- create index "users_status" to table: "users"
CREATE INDEX `users_status` ON `users` (`status`, `id`);
-- add column "upstream_id" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `upstream_id` uuid NULL;
-- add column "metadata" to table: "api_keys"
ALTER TABLE `api_keys` ADD COLUMN `metadata` text NOT NULL DEFAULT '{}';
-- create index "api_keys_expires_at" to table: "api_keys"
CREATE INDEX `api_keys_expires_at` ON `api_keys` (`expires_at`, `id`) WHERE expires_at IS NOT NULL AND status <> 'revoked';
-- create "new_audit_log" table
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'model', 'price', 'upstream', 'request', 'webhook', 'setting', 'session', 'system')));
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
-- create "events" table
CREATE TABLE `events` (`id` uuid NOT NULL, `at` datetime NOT NULL, `type` text NOT NULL, `user_id` uuid NULL, `subject_id` uuid NULL, `data` text NOT NULL, `once` text NULL, PRIMARY KEY (`id`)) WITHOUT ROWID;
-- create index "events_once" to table: "events"
CREATE UNIQUE INDEX `events_once` ON `events` (`once`) WHERE once IS NOT NULL;
-- create index "events_user_id" to table: "events"
CREATE INDEX `events_user_id` ON `events` (`user_id`, `id`) WHERE user_id IS NOT NULL;
-- create index "events_subject_id" to table: "events"
CREATE INDEX `events_subject_id` ON `events` (`subject_id`, `id`) WHERE subject_id IS NOT NULL;
-- create "webhooks" table
CREATE TABLE `webhooks` (`id` uuid NOT NULL, `url` text NOT NULL, `description` text NOT NULL, `types` text NOT NULL, `secret` text NOT NULL, `previous_secret` text NOT NULL, `previous_ends_at` datetime NULL, `enabled` boolean NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`)) WITHOUT ROWID;
-- create "deliveries" table
CREATE TABLE `deliveries` (`webhook_id` uuid NOT NULL, `event_id` uuid NOT NULL, `user_id` uuid NULL, `status` text NOT NULL, `attempts` integer NOT NULL DEFAULT 0, `tries` text NOT NULL DEFAULT '[]', `due_at` datetime NOT NULL, `answer` text NOT NULL DEFAULT '', `ended_at` datetime NULL, PRIMARY KEY (`webhook_id`, `event_id`), CONSTRAINT `deliveries_event` FOREIGN KEY (`event_id`) REFERENCES `events` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `deliveries_status` CHECK (status IN ('pending', 'delivered', 'failed')), CONSTRAINT `deliveries_attempts` CHECK (attempts >= 0)) WITHOUT ROWID;
-- create index "deliveries_event_id" to table: "deliveries"
CREATE INDEX `deliveries_event_id` ON `deliveries` (`event_id`);
-- create index "deliveries_due" to table: "deliveries"
CREATE INDEX `deliveries_due` ON `deliveries` (`due_at`, `webhook_id`, `event_id`) WHERE status = 'pending';
-- create index "deliveries_waiting" to table: "deliveries"
CREATE INDEX `deliveries_waiting` ON `deliveries` (`webhook_id`, `user_id`, `event_id`) WHERE status = 'pending';
-- create index "deliveries_ended_at" to table: "deliveries"
CREATE INDEX `deliveries_ended_at` ON `deliveries` (`ended_at`) WHERE ended_at IS NOT NULL;
-- create "mail_turns" table
CREATE TABLE `mail_turns` (`hash` blob NOT NULL, `at` datetime NOT NULL, PRIMARY KEY (`hash`)) WITHOUT ROWID;
-- create "settings" table
CREATE TABLE `settings` (`name` text NOT NULL, `value` text NOT NULL, `changed_at` datetime NOT NULL, PRIMARY KEY (`name`)) WITHOUT ROWID;
-- create "reset_links" table
CREATE TABLE `reset_links` (`token_hash` blob NOT NULL, `user_id` uuid NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`token_hash`), CONSTRAINT `reset_links_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "reset_links_user_id" to table: "reset_links"
CREATE INDEX `reset_links_user_id` ON `reset_links` (`user_id`);
-- create "openid_identities" table
CREATE TABLE `openid_identities` (`issuer` text NOT NULL, `subject` text NOT NULL, `user_id` uuid NOT NULL, `linked_at` datetime NOT NULL, `last_at` datetime NOT NULL, PRIMARY KEY (`issuer`, `subject`), CONSTRAINT `openid_identities_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "openid_identities_user_id" to table: "openid_identities"
CREATE INDEX `openid_identities_user_id` ON `openid_identities` (`user_id`);
-- create "openid_sign_ins" table
CREATE TABLE `openid_sign_ins` (`state_hash` blob NOT NULL, `browser_hash` blob NOT NULL, `nonce` text NOT NULL, `verifier` text NOT NULL, `next` text NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`state_hash`)) WITHOUT ROWID;
-- create index "openid_sign_ins_expires_at" to table: "openid_sign_ins"
CREATE INDEX `openid_sign_ins_expires_at` ON `openid_sign_ins` (`expires_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
PRAGMA foreign_keys = off;
UPDATE `audit_log` SET `subject` = 'system' WHERE `subject` IN ('webhook', 'setting');
UPDATE `users` SET `role` = 'user' WHERE `role` = 'viewer';
CREATE TABLE `new_users` (`id` uuid NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `name` text NOT NULL, `plan_id` uuid NOT NULL, `role` text NOT NULL, `status` text NOT NULL, `password_hash` text NOT NULL, `created_at` datetime NOT NULL, `search` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `users_plan` FOREIGN KEY (`plan_id`) REFERENCES `plans` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `users_role` CHECK (role IN ('user', 'service', 'admin')), CONSTRAINT `users_status` CHECK (status IN ('active', 'suspended'))) WITHOUT ROWID;
INSERT INTO `new_users` (`id`, `email`, `email_folded`, `name`, `plan_id`, `role`, `status`, `password_hash`, `created_at`, `search`) SELECT `id`, `email`, `email_folded`, `name`, `plan_id`, `role`, `status`, `password_hash`, `created_at`, `search` FROM `users`;
DROP TABLE `users`;
ALTER TABLE `new_users` RENAME TO `users`;
CREATE UNIQUE INDEX `users_email` ON `users` (`email_folded`);
CREATE INDEX `users_plan_id` ON `users` (`plan_id`, `id`);
CREATE INDEX `users_role` ON `users` (`role`, `id`);
CREATE INDEX `users_status` ON `users` (`status`, `id`);
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, `scopes` text NOT NULL DEFAULT '', `allowed_addresses` text NOT NULL DEFAULT '', `created_by` text NOT NULL DEFAULT '', `created_by_key_id` uuid NULL, `daily_credit_limit` integer NULL, `rate_limit_per_minute` integer NULL, `concurrency_limit` integer NULL, `models` text NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_daily_credit_limit` CHECK (daily_credit_limit IS NULL OR daily_credit_limit >= 0), CONSTRAINT `api_keys_rate_limit_per_minute` CHECK (rate_limit_per_minute IS NULL OR rate_limit_per_minute >= 1), CONSTRAINT `api_keys_concurrency_limit` CHECK (concurrency_limit IS NULL OR concurrency_limit >= 1), CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'disabled', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))) WITHOUT ROWID;
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`, `daily_credit_limit`, `rate_limit_per_minute`, `concurrency_limit`, `models`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`, `daily_credit_limit`, `rate_limit_per_minute`, `concurrency_limit`, `models` FROM `api_keys`;
DROP TABLE `api_keys`;
ALTER TABLE `new_api_keys` RENAME TO `api_keys`;
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
CREATE INDEX `api_keys_created_by_key_id` ON `api_keys` (`created_by_key_id`, `id`) WHERE created_by_key_id IS NOT NULL;
CREATE INDEX `api_keys_limited` ON `api_keys` (`user_id`, `id`) WHERE daily_credit_limit IS NOT NULL OR concurrency_limit IS NOT NULL;
CREATE TABLE `new_usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, `millionths` integer NOT NULL DEFAULT 0, `granted` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `adjusts_id` uuid NULL, `price_id` uuid NULL, `tokens` text NULL, `request_id` uuid NULL, `outcome` text NULL, `source` text NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0 AND (adjusts_id IS NOT NULL OR (credits >= 0 AND granted >= 0 AND uncollected >= 0)))) WITHOUT ROWID;
INSERT INTO `new_usage` (`id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id`, `price_id`, `tokens`, `request_id`, `outcome`, `source`) SELECT `id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id`, `price_id`, `tokens`, `request_id`, `outcome`, `source` FROM `usage`;
DROP TABLE `usage`;
ALTER TABLE `new_usage` RENAME TO `usage`;
CREATE INDEX `usage_adjustments` ON `usage` (`day`, `adjusts_id`) WHERE adjusts_id IS NOT NULL;
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'model', 'price', 'upstream', 'request', 'session', 'system')));
INSERT INTO `new_audit_log` (`seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix`) SELECT `seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix` FROM `audit_log`;
DROP TABLE `audit_log`;
ALTER TABLE `new_audit_log` RENAME TO `audit_log`;
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
DROP TABLE `events`;
DROP TABLE `webhooks`;
DROP TABLE `deliveries`;
DROP TABLE `mail_turns`;
DROP TABLE `settings`;
DROP TABLE `reset_links`;
DROP TABLE `openid_identities`;
DROP TABLE `openid_sign_ins`;
PRAGMA foreign_keys = on;
