-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "request_id" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `request_id` uuid NULL;
-- add column "outcome" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `outcome` text NULL;
-- add column "source" to table: "usage"
ALTER TABLE `usage` ADD COLUMN `source` text NULL;
-- create "new_holds" table
CREATE TABLE `new_holds` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `credits` integer NOT NULL, `draws` text NOT NULL, `delivered` integer NOT NULL, `tokens` text NULL, `cost_micros` integer NOT NULL DEFAULT 0, `on_expiry` text NOT NULL, `model` text NOT NULL, `price_id` uuid NULL, `request_id` text NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `status` text NOT NULL, `ended_at` datetime NULL, `charge_id` uuid NULL, `charged_day` date NULL, `charged` integer NOT NULL DEFAULT 0, `collected` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `settlement` blob NULL, `figures` text NOT NULL DEFAULT '', PRIMARY KEY (`id`), CONSTRAINT `holds_amounts` CHECK (credits >= 0 AND delivered >= 0 AND cost_micros >= 0 AND charged >= 0 AND collected >= 0 AND uncollected >= 0), CONSTRAINT `holds_status` CHECK (status IN ('open', 'settled', 'released', 'expired')), CONSTRAINT `holds_on_expiry` CHECK (on_expiry IN ('release', 'charge'))) WITHOUT ROWID;
-- copy rows from old table "holds" to new temporary table "new_holds"
INSERT INTO `new_holds` (`id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `price_id`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures`) SELECT `id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `price_id`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures` FROM `holds`;
-- drop "holds" table after copying rows
DROP TABLE `holds`;
-- rename temporary table "new_holds" to "holds"
ALTER TABLE `new_holds` RENAME TO `holds`;
-- create index "holds_open" to table: "holds"
CREATE INDEX `holds_open` ON `holds` (`user_id`, `expires_at`) WHERE status = 'open';
-- create "new_audit_log" table
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'model', 'price', 'upstream', 'request', 'session', 'system')));
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
-- create "new_models" table
CREATE TABLE `new_models` (`id` uuid NOT NULL, `name` text NOT NULL, `aliases` text NOT NULL, `display_name` text NOT NULL, `description` text NOT NULL, `context_window` integer NULL, `output_allowance` integer NOT NULL, `plans` text NULL, `overrun` text NOT NULL DEFAULT 'finish', `hosted_tools` text NOT NULL DEFAULT '', `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `models_overrun` CHECK (overrun IN ('finish', 'stop')), CONSTRAINT `models_output_allowance` CHECK (output_allowance >= 1), CONSTRAINT `models_context_window` CHECK (context_window IS NULL OR context_window >= 1)) WITHOUT ROWID;
-- copy rows from old table "models" to new temporary table "new_models"
INSERT INTO `new_models` (`id`, `name`, `aliases`, `display_name`, `description`, `context_window`, `output_allowance`, `plans`, `created_at`) SELECT `id`, `name`, `aliases`, `display_name`, `description`, `context_window`, `output_allowance`, `plans`, `created_at` FROM `models`;
-- drop "models" table after copying rows
DROP TABLE `models`;
-- rename temporary table "new_models" to "models"
ALTER TABLE `new_models` RENAME TO `models`;
-- create index "models_name" to table: "models"
CREATE UNIQUE INDEX `models_name` ON `models` (`name`);
-- create "upstreams" table
CREATE TABLE `upstreams` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `kind` text NOT NULL, `base_url` text NOT NULL, `wires` text NOT NULL, `headers` text NOT NULL, `weight` integer NOT NULL, `priority` integer NOT NULL, `first_byte_seconds` integer NOT NULL, `idle_seconds` integer NOT NULL, `on_client_gone` text NOT NULL, `daily_limit_micros` integer NULL, `shared_state` boolean NOT NULL, `enabled` boolean NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `upstreams_kind` CHECK (kind IN ('openai', 'anthropic', 'compatible')), CONSTRAINT `upstreams_on_client_gone` CHECK (on_client_gone IN ('cancel', 'drain')), CONSTRAINT `upstreams_amounts` CHECK (weight >= 0 AND priority >= 1 AND first_byte_seconds >= 1 AND idle_seconds >= 1 AND (daily_limit_micros IS NULL OR daily_limit_micros >= 0))) WITHOUT ROWID;
-- create index "upstreams_name" to table: "upstreams"
CREATE UNIQUE INDEX `upstreams_name` ON `upstreams` (`name_folded`);
-- create "upstream_keys" table
CREATE TABLE `upstream_keys` (`id` uuid NOT NULL, `upstream_id` uuid NOT NULL, `name` text NOT NULL, `position` integer NOT NULL, `source` text NOT NULL, `secret` text NOT NULL, `reference` text NOT NULL, `ends_with` text NOT NULL, `disabled_at` datetime NULL, `disabled_reason` text NOT NULL DEFAULT '', PRIMARY KEY (`id`), CONSTRAINT `upstream_keys_upstream` FOREIGN KEY (`upstream_id`) REFERENCES `upstreams` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `upstream_keys_source` CHECK (source IN ('stored', 'env', 'file'))) WITHOUT ROWID;
-- create index "upstream_keys_name" to table: "upstream_keys"
CREATE UNIQUE INDEX `upstream_keys_name` ON `upstream_keys` (`upstream_id`, `name`);
-- create "model_candidates" table
CREATE TABLE `model_candidates` (`model_id` uuid NOT NULL, `upstream_id` uuid NOT NULL, `model` text NOT NULL, `position` integer NOT NULL, `weight` integer NOT NULL, `priority` integer NOT NULL, PRIMARY KEY (`model_id`, `position`), CONSTRAINT `model_candidates_upstream` FOREIGN KEY (`upstream_id`) REFERENCES `upstreams` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `model_candidates_model` FOREIGN KEY (`model_id`) REFERENCES `models` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `model_candidates_amounts` CHECK (weight >= 0 AND priority >= 1)) WITHOUT ROWID;
-- create index "model_candidates_upstream_id" to table: "model_candidates"
CREATE INDEX `model_candidates_upstream_id` ON `model_candidates` (`upstream_id`);
-- create "upstream_days" table
CREATE TABLE `upstream_days` (`day` date NOT NULL, `upstream_id` uuid NOT NULL, `requests` integer NOT NULL, `failures` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `upstream_id`), CONSTRAINT `upstream_days_amounts` CHECK (requests >= 0 AND failures >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- create "requests" table
CREATE TABLE `requests` (`id` uuid NOT NULL, `at` datetime NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `model` text NOT NULL, `endpoint` text NOT NULL, `streamed` boolean NOT NULL, `upstream_id` uuid NULL, `upstream` text NOT NULL, `upstream_key` text NOT NULL, `attempts` text NOT NULL, `status` integer NOT NULL, `outcome` text NOT NULL, `code` text NOT NULL, `source` text NOT NULL, `tokens` text NULL, `price_id` uuid NULL, `held` integer NOT NULL, `credits` integer NOT NULL, `uncollected` integer NOT NULL, `cost_micros` integer NOT NULL, `first_byte_micros` integer NULL, `first_token_micros` integer NULL, `took_micros` integer NOT NULL, `sticky` boolean NOT NULL, `client_request_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `requests_amounts` CHECK (status >= 0 AND held >= 0 AND credits >= 0 AND uncollected >= 0 AND cost_micros >= 0 AND took_micros >= 0)) WITHOUT ROWID;
-- create index "requests_user_id" to table: "requests"
CREATE INDEX `requests_user_id` ON `requests` (`user_id`, `id`);
-- create index "requests_upstream_id" to table: "requests"
CREATE INDEX `requests_upstream_id` ON `requests` (`upstream_id`, `id`);
-- create index "requests_outcome" to table: "requests"
CREATE INDEX `requests_outcome` ON `requests` (`outcome`, `id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
PRAGMA foreign_keys = off;
CREATE TABLE `new_usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, `millionths` integer NOT NULL DEFAULT 0, `granted` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `adjusts_id` uuid NULL, `price_id` uuid NULL, `tokens` text NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0 AND (adjusts_id IS NOT NULL OR (credits >= 0 AND granted >= 0 AND uncollected >= 0)))) WITHOUT ROWID;
INSERT INTO `new_usage` (`id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id`, `price_id`, `tokens`) SELECT `id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`, `millionths`, `granted`, `uncollected`, `adjusts_id`, `price_id`, `tokens` FROM `usage`;
DROP TABLE `usage`;
ALTER TABLE `new_usage` RENAME TO `usage`;
CREATE INDEX `usage_adjustments` ON `usage` (`day`, `adjusts_id`) WHERE adjusts_id IS NOT NULL;
CREATE TABLE `new_models` (`id` uuid NOT NULL, `name` text NOT NULL, `aliases` text NOT NULL, `display_name` text NOT NULL, `description` text NOT NULL, `context_window` integer NULL, `output_allowance` integer NOT NULL, `plans` text NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `models_output_allowance` CHECK (output_allowance >= 1), CONSTRAINT `models_context_window` CHECK (context_window IS NULL OR context_window >= 1)) WITHOUT ROWID;
INSERT INTO `new_models` (`id`, `name`, `aliases`, `display_name`, `description`, `context_window`, `output_allowance`, `plans`, `created_at`) SELECT `id`, `name`, `aliases`, `display_name`, `description`, `context_window`, `output_allowance`, `plans`, `created_at` FROM `models`;
DROP TABLE `models`;
ALTER TABLE `new_models` RENAME TO `models`;
CREATE UNIQUE INDEX `models_name` ON `models` (`name`);
DROP TABLE `upstreams`;
DROP TABLE `upstream_keys`;
DROP TABLE `model_candidates`;
DROP TABLE `upstream_days`;
DROP TABLE `requests`;
CREATE TABLE `new_holds` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `credits` integer NOT NULL, `draws` text NOT NULL, `delivered` integer NOT NULL, `on_expiry` text NOT NULL, `model` text NOT NULL, `request_id` text NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `status` text NOT NULL, `ended_at` datetime NULL, `charge_id` uuid NULL, `charged_day` date NULL, `charged` integer NOT NULL DEFAULT 0, `collected` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `settlement` blob NULL, `figures` text NOT NULL DEFAULT '', `price_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `holds_amounts` CHECK (credits >= 0 AND delivered >= 0 AND charged >= 0 AND collected >= 0 AND uncollected >= 0), CONSTRAINT `holds_status` CHECK (status IN ('open', 'settled', 'released', 'expired')), CONSTRAINT `holds_on_expiry` CHECK (on_expiry IN ('release', 'charge'))) WITHOUT ROWID;
INSERT INTO `new_holds` (`id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures`, `price_id`) SELECT `id`, `user_id`, `key_id`, `owner_id`, `credits`, `draws`, `delivered`, `on_expiry`, `model`, `request_id`, `created_at`, `expires_at`, `status`, `ended_at`, `charge_id`, `charged_day`, `charged`, `collected`, `uncollected`, `settlement`, `figures`, `price_id` FROM `holds`;
DROP TABLE `holds`;
ALTER TABLE `new_holds` RENAME TO `holds`;
CREATE INDEX `holds_open` ON `holds` (`user_id`, `expires_at`) WHERE status = 'open';
-- the log before knew no upstreams and requests as subjects
UPDATE `audit_log` SET `subject` = 'system' WHERE `subject` IN ('upstream', 'request');
CREATE TABLE `new_audit_log` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `actor` text NOT NULL, `address` text NOT NULL, `request_id` text NOT NULL, `action` text NOT NULL, `subject` text NOT NULL, `subject_id` uuid NOT NULL, `target` text NOT NULL, `details` text NOT NULL, `before` text NOT NULL, `after` text NOT NULL, `search` text NOT NULL, `key_id` uuid NULL, `key_prefix` text NOT NULL DEFAULT '', CONSTRAINT `audit_log_subject_kind` CHECK (subject IN ('user', 'key', 'plan', 'model', 'price', 'session', 'system')));
INSERT INTO `new_audit_log` (`seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix`) SELECT `seq`, `at`, `actor`, `address`, `request_id`, `action`, `subject`, `subject_id`, `target`, `details`, `before`, `after`, `search`, `key_id`, `key_prefix` FROM `audit_log`;
DROP TABLE `audit_log`;
ALTER TABLE `new_audit_log` RENAME TO `audit_log`;
CREATE INDEX `audit_log_subject` ON `audit_log` (`subject_id`, `seq`);
CREATE INDEX `audit_log_action` ON `audit_log` (`action`, `seq`);
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);
PRAGMA foreign_keys = on;
