-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_usage" table
CREATE TABLE `new_usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, `millionths` integer NOT NULL DEFAULT 0, `granted` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `adjusts_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0 AND (adjusts_id IS NOT NULL OR (credits >= 0 AND granted >= 0 AND uncollected >= 0)))) WITHOUT ROWID;
-- copy rows from old table "usage" to new temporary table "new_usage"
INSERT INTO `new_usage` (`id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`) SELECT `id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros` FROM `usage`;
-- drop "usage" table after copying rows
DROP TABLE `usage`;
-- rename temporary table "new_usage" to "usage"
ALTER TABLE `new_usage` RENAME TO `usage`;
-- create index "usage_adjustments" to table: "usage"
CREATE INDEX `usage_adjustments` ON `usage` (`day`, `adjusts_id`) WHERE adjusts_id IS NOT NULL;
-- create "new_daily_usage" table
CREATE TABLE `new_daily_usage` (`day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `key_id`, `model`), CONSTRAINT `daily_usage_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_amounts` CHECK (requests >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- the usage of a model with a key is counted from the single charges
INSERT INTO `new_daily_usage` (day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) SELECT day, user_id, key_id, model, COUNT(*), SUM(credits), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_micros) FROM usage WHERE day >= COALESCE((SELECT kept_from FROM retention), '0001-01-01') GROUP BY day, user_id, key_id, model;
-- where a retention has removed the charges, a day's keys and models are laid side by side: the sums of both stay as they were
INSERT INTO `new_daily_usage` (day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) WITH k AS (SELECT day, user_id, key_id, requests, credits, prompt_tokens, completion_tokens, cost_micros, SUM(requests) OVER w AS sum_requests, SUM(credits) OVER w AS sum_credits, SUM(prompt_tokens) OVER w AS sum_prompt_tokens, SUM(completion_tokens) OVER w AS sum_completion_tokens, SUM(cost_micros) OVER w AS sum_cost_micros FROM `daily_usage` WHERE day < COALESCE((SELECT kept_from FROM retention), '0001-01-01') WINDOW w AS (PARTITION BY day, user_id ORDER BY key_id)), m AS (SELECT day, user_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros, SUM(requests) OVER w AS sum_requests, SUM(credits) OVER w AS sum_credits, SUM(prompt_tokens) OVER w AS sum_prompt_tokens, SUM(completion_tokens) OVER w AS sum_completion_tokens, SUM(cost_micros) OVER w AS sum_cost_micros FROM model_usage WHERE day < COALESCE((SELECT kept_from FROM retention), '0001-01-01') WINDOW w AS (PARTITION BY day, user_id ORDER BY model)) SELECT k.day, k.user_id, k.key_id, m.model, max(0, min(k.sum_requests, m.sum_requests) - max(k.sum_requests - k.requests, m.sum_requests - m.requests)), max(0, min(k.sum_credits, m.sum_credits) - max(k.sum_credits - k.credits, m.sum_credits - m.credits)), max(0, min(k.sum_prompt_tokens, m.sum_prompt_tokens) - max(k.sum_prompt_tokens - k.prompt_tokens, m.sum_prompt_tokens - m.prompt_tokens)), max(0, min(k.sum_completion_tokens, m.sum_completion_tokens) - max(k.sum_completion_tokens - k.completion_tokens, m.sum_completion_tokens - m.completion_tokens)), max(0, min(k.sum_cost_micros, m.sum_cost_micros) - max(k.sum_cost_micros - k.cost_micros, m.sum_cost_micros - m.cost_micros)) FROM k JOIN m ON m.day = k.day AND m.user_id = k.user_id WHERE max(0, min(k.sum_requests, m.sum_requests) - max(k.sum_requests - k.requests, m.sum_requests - m.requests)) > 0 OR max(0, min(k.sum_credits, m.sum_credits) - max(k.sum_credits - k.credits, m.sum_credits - m.credits)) > 0 OR max(0, min(k.sum_prompt_tokens, m.sum_prompt_tokens) - max(k.sum_prompt_tokens - k.prompt_tokens, m.sum_prompt_tokens - m.prompt_tokens)) > 0 OR max(0, min(k.sum_completion_tokens, m.sum_completion_tokens) - max(k.sum_completion_tokens - k.completion_tokens, m.sum_completion_tokens - m.completion_tokens)) > 0 OR max(0, min(k.sum_cost_micros, m.sum_cost_micros) - max(k.sum_cost_micros - k.cost_micros, m.sum_cost_micros - m.cost_micros)) > 0;
-- drop "daily_usage" table after copying rows
DROP TABLE `daily_usage`;
-- rename temporary table "new_daily_usage" to "daily_usage"
ALTER TABLE `new_daily_usage` RENAME TO `daily_usage`;
DROP TABLE `model_usage`;
-- create index "daily_usage_user_id_day" to table: "daily_usage"
CREATE INDEX `daily_usage_user_id_day` ON `daily_usage` (`user_id`, `day`);
-- create "new_user_days" table
CREATE TABLE `new_user_days` (`day` date NOT NULL, `user_id` uuid NOT NULL, `requests` integer NOT NULL, `millionths` integer NOT NULL, `granted` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `corrected` integer NOT NULL DEFAULT 0, `cost_micros` integer NOT NULL, `last_charge_id` uuid NULL, `h00` integer NOT NULL DEFAULT 0, `h01` integer NOT NULL DEFAULT 0, `h02` integer NOT NULL DEFAULT 0, `h03` integer NOT NULL DEFAULT 0, `h04` integer NOT NULL DEFAULT 0, `h05` integer NOT NULL DEFAULT 0, `h06` integer NOT NULL DEFAULT 0, `h07` integer NOT NULL DEFAULT 0, `h08` integer NOT NULL DEFAULT 0, `h09` integer NOT NULL DEFAULT 0, `h10` integer NOT NULL DEFAULT 0, `h11` integer NOT NULL DEFAULT 0, `h12` integer NOT NULL DEFAULT 0, `h13` integer NOT NULL DEFAULT 0, `h14` integer NOT NULL DEFAULT 0, `h15` integer NOT NULL DEFAULT 0, `h16` integer NOT NULL DEFAULT 0, `h17` integer NOT NULL DEFAULT 0, `h18` integer NOT NULL DEFAULT 0, `h19` integer NOT NULL DEFAULT 0, `h20` integer NOT NULL DEFAULT 0, `h21` integer NOT NULL DEFAULT 0, `h22` integer NOT NULL DEFAULT 0, `h23` integer NOT NULL DEFAULT 0, PRIMARY KEY (`day`, `user_id`), CONSTRAINT `user_days_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `user_days_amounts` CHECK (requests >= 0 AND millionths + 999999 >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
-- copy rows from old table "user_days" to new temporary table "new_user_days"
INSERT INTO `new_user_days` (`day`, `user_id`, `requests`, `millionths`, `cost_micros`, `last_charge_id`, `h00`, `h01`, `h02`, `h03`, `h04`, `h05`, `h06`, `h07`, `h08`, `h09`, `h10`, `h11`, `h12`, `h13`, `h14`, `h15`, `h16`, `h17`, `h18`, `h19`, `h20`, `h21`, `h22`, `h23`) SELECT `day`, `user_id`, `requests`, `credits` * 1000000, `cost_micros`, `last_charge_id`, `h00`, `h01`, `h02`, `h03`, `h04`, `h05`, `h06`, `h07`, `h08`, `h09`, `h10`, `h11`, `h12`, `h13`, `h14`, `h15`, `h16`, `h17`, `h18`, `h19`, `h20`, `h21`, `h22`, `h23` FROM `user_days`;
-- drop "user_days" table after copying rows
DROP TABLE `user_days`;
-- rename temporary table "new_user_days" to "user_days"
ALTER TABLE `new_user_days` RENAME TO `user_days`;
-- create index "user_days_user_id_day" to table: "user_days"
CREATE INDEX `user_days_user_id_day` ON `user_days` (`user_id`, `day`);
-- create "new_idempotency_keys" table
CREATE TABLE `new_idempotency_keys` (`key_id` uuid NOT NULL, `charger_id` uuid NOT NULL, `operation` text NOT NULL, `text` text NOT NULL, `fingerprint` blob NOT NULL, `day` date NOT NULL, `credits_used` integer NOT NULL, `daily_limit` integer NOT NULL, `created_at` datetime NOT NULL, `figures` text NOT NULL DEFAULT '', `hold_id` uuid NULL, PRIMARY KEY (`key_id`, `charger_id`, `operation`, `text`), CONSTRAINT `idempotency_keys_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `idempotency_keys_amounts` CHECK (credits_used >= 0 AND daily_limit >= 0), CONSTRAINT `idempotency_keys_operation` CHECK (operation IN ('charge', 'hold'))) WITHOUT ROWID;
-- copy rows from old table "idempotency_keys" to new temporary table "new_idempotency_keys"
INSERT INTO `new_idempotency_keys` (`key_id`, `charger_id`, `operation`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at`) SELECT `key_id`, x'00000000000000000000000000000000', 'charge', `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at` FROM `idempotency_keys`;
-- drop "idempotency_keys" table after copying rows
DROP TABLE `idempotency_keys`;
-- rename temporary table "new_idempotency_keys" to "idempotency_keys"
ALTER TABLE `new_idempotency_keys` RENAME TO `idempotency_keys`;
-- create index "idempotency_keys_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);
-- create "new_plans" table
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, `max_keys` integer NOT NULL DEFAULT 20, `user_rate_limit_per_minute` integer NULL, `monthly_credit_limit` integer NULL, `user_concurrency_limit` integer NULL, `position` integer NOT NULL DEFAULT 0, `is_default` boolean NOT NULL DEFAULT false, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1), CONSTRAINT `plans_max_keys` CHECK (max_keys >= 1 AND max_keys <= 10000), CONSTRAINT `plans_monthly_credit_limit` CHECK (monthly_credit_limit IS NULL OR monthly_credit_limit >= 0), CONSTRAINT `plans_user_concurrency_limit` CHECK (user_concurrency_limit IS NULL OR user_concurrency_limit >= 1), CONSTRAINT `plans_user_rate_limit_per_minute` CHECK (user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1)) WITHOUT ROWID;
-- copy rows from old table "plans" to new temporary table "new_plans"
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `position`, `is_default`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `position`, `is_default` FROM `plans`;
-- drop "plans" table after copying rows
DROP TABLE `plans`;
-- rename temporary table "new_plans" to "plans"
ALTER TABLE `new_plans` RENAME TO `plans`;
-- create index "plans_name" to table: "plans"
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
-- create index "plans_is_default" to table: "plans"
CREATE UNIQUE INDEX `plans_is_default` ON `plans` (`is_default`) WHERE is_default;
-- create "new_api_keys" table
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, `scopes` text NOT NULL DEFAULT '', `allowed_addresses` text NOT NULL DEFAULT '', `created_by` text NOT NULL DEFAULT '', `created_by_key_id` uuid NULL, `daily_credit_limit` integer NULL, `rate_limit_per_minute` integer NULL, `concurrency_limit` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_daily_credit_limit` CHECK (daily_credit_limit IS NULL OR daily_credit_limit >= 0), CONSTRAINT `api_keys_rate_limit_per_minute` CHECK (rate_limit_per_minute IS NULL OR rate_limit_per_minute >= 1), CONSTRAINT `api_keys_concurrency_limit` CHECK (concurrency_limit IS NULL OR concurrency_limit >= 1), CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'disabled', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))) WITHOUT ROWID;
-- copy rows from old table "api_keys" to new temporary table "new_api_keys"
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id` FROM `api_keys`;
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
-- create index "api_keys_limited" to table: "api_keys"
CREATE INDEX `api_keys_limited` ON `api_keys` (`user_id`, `id`) WHERE daily_credit_limit IS NOT NULL OR concurrency_limit IS NOT NULL;
-- create "counted" table
CREATE TABLE `counted` (`id` integer NOT NULL, `charge_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `counted_one_row` CHECK (id = 1)) WITHOUT ROWID;
INSERT INTO `counted` (`id`, `charge_id`) VALUES (1, COALESCE((SELECT MAX(id) FROM usage), x'00000000000000000000000000000000'));
-- create "holds" table
CREATE TABLE `holds` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `owner_id` uuid NOT NULL, `credits` integer NOT NULL, `draws` text NOT NULL, `delivered` integer NOT NULL, `on_expiry` text NOT NULL, `model` text NOT NULL, `request_id` text NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `status` text NOT NULL, `ended_at` datetime NULL, `charge_id` uuid NULL, `charged_day` date NULL, `charged` integer NOT NULL DEFAULT 0, `collected` integer NOT NULL DEFAULT 0, `uncollected` integer NOT NULL DEFAULT 0, `settlement` blob NULL, `figures` text NOT NULL DEFAULT '', PRIMARY KEY (`id`), CONSTRAINT `holds_amounts` CHECK (credits >= 0 AND delivered >= 0 AND charged >= 0 AND collected >= 0 AND uncollected >= 0), CONSTRAINT `holds_status` CHECK (status IN ('open', 'settled', 'released', 'expired')), CONSTRAINT `holds_on_expiry` CHECK (on_expiry IN ('release', 'charge'))) WITHOUT ROWID;
-- create index "holds_open" to table: "holds"
CREATE INDEX `holds_open` ON `holds` (`user_id`, `expires_at`) WHERE status = 'open';
-- create "grants" table
CREATE TABLE `grants` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `credits` integer NOT NULL, `used` integer NOT NULL, `note` text NOT NULL, `created_by` text NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `idempotency_key` text NULL, PRIMARY KEY (`id`), CONSTRAINT `grants_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `grants_amounts` CHECK (credits >= 1 AND used >= 0 AND used <= credits)) WITHOUT ROWID;
-- create index "grants_user_id" to table: "grants"
CREATE INDEX `grants_user_id` ON `grants` (`user_id`, `id`);
-- create index "grants_open" to table: "grants"
CREATE INDEX `grants_open` ON `grants` (`user_id`) WHERE revoked_at IS NULL AND used < credits;
-- create index "grants_idempotency_key" to table: "grants"
CREATE UNIQUE INDEX `grants_idempotency_key` ON `grants` (`user_id`, `idempotency_key`) WHERE idempotency_key IS NOT NULL;
-- create "grant_days" table
CREATE TABLE `grant_days` (`grant_id` uuid NOT NULL, `day` date NOT NULL, `credits` integer NOT NULL, PRIMARY KEY (`grant_id`, `day`), CONSTRAINT `grant_days_grant` FOREIGN KEY (`grant_id`) REFERENCES `grants` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `grant_days_credits` CHECK (credits >= 0)) WITHOUT ROWID;
-- create index "grant_days_day" to table: "grant_days"
CREATE INDEX `grant_days_day` ON `grant_days` (`day`);
-- create "corrections" table
CREATE TABLE `corrections` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `day` date NOT NULL, `credits` integer NOT NULL, `reason` text NOT NULL, `created_by` text NOT NULL, `created_at` datetime NOT NULL, `idempotency_key` text NULL, PRIMARY KEY (`id`), CONSTRAINT `corrections_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `corrections_credits` CHECK (credits <> 0)) WITHOUT ROWID;
-- create index "corrections_user_id" to table: "corrections"
CREATE INDEX `corrections_user_id` ON `corrections` (`user_id`, `id`);
-- create index "corrections_day" to table: "corrections"
CREATE INDEX `corrections_day` ON `corrections` (`day`);
-- create index "corrections_idempotency_key" to table: "corrections"
CREATE UNIQUE INDEX `corrections_idempotency_key` ON `corrections` (`user_id`, `idempotency_key`) WHERE idempotency_key IS NOT NULL;
-- rebuild "closed_day_models" table
CREATE TABLE `new_closed_day_models` (`day` date NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `model`), CONSTRAINT `closed_day_models_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `closed_day_models_amounts` CHECK (requests >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `new_closed_day_models` (`day`, `model`, `requests`, `credits`, `cost_micros`) SELECT `day`, `model`, `requests`, `credits`, `cost_micros` FROM `closed_day_models`;
DROP TABLE `closed_day_models`;
ALTER TABLE `new_closed_day_models` RENAME TO `closed_day_models`;
-- create "reopened_days" table
CREATE TABLE `reopened_days` (`day` date NOT NULL, `change_id` uuid NOT NULL, PRIMARY KEY (`day`)) WITHOUT ROWID;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- holds, grants and corrections have no place in the schema before: their credits stay in the users' days
PRAGMA foreign_keys = off;
-- the charges that the totals do not count yet
INSERT INTO `user_days` (`day`, `user_id`, `requests`, `millionths`, `granted`, `uncollected`, `cost_micros`, `last_charge_id`, `h00`, `h01`, `h02`, `h03`, `h04`, `h05`, `h06`, `h07`, `h08`, `h09`, `h10`, `h11`, `h12`, `h13`, `h14`, `h15`, `h16`, `h17`, `h18`, `h19`, `h20`, `h21`, `h22`, `h23`) SELECT day, user_id, SUM(adjusts_id IS NULL), SUM(credits) * 1000000 + SUM(millionths), SUM(granted), SUM(uncollected), SUM(cost_micros), MAX(id), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 0), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 1), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 2), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 3), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 4), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 5), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 6), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 7), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 8), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 9), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 10), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 11), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 12), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 13), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 14), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 15), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 16), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 17), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 18), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 19), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 20), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 21), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 22), SUM(adjusts_id IS NULL AND created_at / 3600000000 % 24 = 23) FROM usage WHERE id > (SELECT charge_id FROM counted) GROUP BY day, user_id ON CONFLICT (day, user_id) DO UPDATE SET requests = requests + excluded.requests, millionths = millionths + excluded.millionths, granted = granted + excluded.granted, uncollected = uncollected + excluded.uncollected, cost_micros = cost_micros + excluded.cost_micros, last_charge_id = excluded.last_charge_id, h00 = h00 + excluded.h00, h01 = h01 + excluded.h01, h02 = h02 + excluded.h02, h03 = h03 + excluded.h03, h04 = h04 + excluded.h04, h05 = h05 + excluded.h05, h06 = h06 + excluded.h06, h07 = h07 + excluded.h07, h08 = h08 + excluded.h08, h09 = h09 + excluded.h09, h10 = h10 + excluded.h10, h11 = h11 + excluded.h11, h12 = h12 + excluded.h12, h13 = h13 + excluded.h13, h14 = h14 + excluded.h14, h15 = h15 + excluded.h15, h16 = h16 + excluded.h16, h17 = h17 + excluded.h17, h18 = h18 + excluded.h18, h19 = h19 + excluded.h19, h20 = h20 + excluded.h20, h21 = h21 + excluded.h21, h22 = h22 + excluded.h22, h23 = h23 + excluded.h23;
INSERT INTO `daily_usage` (`day`, `user_id`, `key_id`, `model`, `requests`, `credits`, `prompt_tokens`, `completion_tokens`, `cost_micros`) SELECT day, user_id, key_id, model, SUM(adjusts_id IS NULL), SUM(credits), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_micros) FROM usage WHERE id > (SELECT charge_id FROM counted) GROUP BY day, user_id, key_id, model ON CONFLICT (day, user_id, key_id, model) DO UPDATE SET requests = requests + excluded.requests, credits = credits + excluded.credits, prompt_tokens = prompt_tokens + excluded.prompt_tokens, completion_tokens = completion_tokens + excluded.completion_tokens, cost_micros = cost_micros + excluded.cost_micros;
DROP TABLE `counted`;
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, `max_keys` integer NOT NULL DEFAULT 20, `user_rate_limit_per_minute` integer NULL, `position` integer NOT NULL DEFAULT 0, `is_default` boolean NOT NULL DEFAULT false, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1), CONSTRAINT `plans_max_keys` CHECK (max_keys >= 1 AND max_keys <= 10000), CONSTRAINT `plans_user_rate_limit_per_minute` CHECK (user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1)) WITHOUT ROWID;
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `position`, `is_default`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`, `position`, `is_default` FROM `plans`;
DROP TABLE `plans`;
ALTER TABLE `new_plans` RENAME TO `plans`;
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
CREATE UNIQUE INDEX `plans_is_default` ON `plans` (`is_default`) WHERE is_default;
CREATE TABLE `new_api_keys` (`id` uuid NOT NULL, `user_id` uuid NOT NULL, `prefix` text NOT NULL, `label` text NOT NULL, `status` text NOT NULL, `created_at` datetime NOT NULL, `last_used_at` datetime NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `search` text NOT NULL, `scopes` text NOT NULL DEFAULT '', `allowed_addresses` text NOT NULL DEFAULT '', `created_by` text NOT NULL DEFAULT '', `created_by_key_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `api_keys_status` CHECK (status IN ('active', 'disabled', 'revoked')), CONSTRAINT `api_keys_revoked_at` CHECK ((status = 'revoked' AND revoked_at IS NOT NULL) OR (status IN ('active', 'disabled') AND revoked_at IS NULL))) WITHOUT ROWID;
INSERT INTO `new_api_keys` (`id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id`) SELECT `id`, `user_id`, `prefix`, `label`, `status`, `created_at`, `last_used_at`, `expires_at`, `revoked_at`, `search`, `scopes`, `allowed_addresses`, `created_by`, `created_by_key_id` FROM `api_keys`;
DROP TABLE `api_keys`;
ALTER TABLE `new_api_keys` RENAME TO `api_keys`;
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`, `id`);
CREATE INDEX `api_keys_user_status` ON `api_keys` (`user_id`, `status`, `id`);
CREATE INDEX `api_keys_status` ON `api_keys` (`status`, `id`);
CREATE INDEX `api_keys_last_used_at` ON `api_keys` (`status`, `last_used_at`, `id`);
CREATE INDEX `api_keys_created_by_key_id` ON `api_keys` (`created_by_key_id`, `id`) WHERE created_by_key_id IS NOT NULL;
CREATE TABLE `new_usage` (`id` uuid NOT NULL, `day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `previous_id` uuid NULL, `created_at` datetime NOT NULL, `credits` integer NOT NULL, `model` text NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `usage_amounts` CHECK (credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `new_usage` (`id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, `credits`, `model`, `prompt_tokens`, `completion_tokens`, `cost_micros`) SELECT `id`, `day`, `user_id`, `key_id`, `previous_id`, `created_at`, max(`credits`, 0), `model`, `prompt_tokens`, `completion_tokens`, `cost_micros` FROM `usage`;
DROP TABLE `usage`;
ALTER TABLE `new_usage` RENAME TO `usage`;
CREATE TABLE `model_usage` (`day` date NOT NULL, `user_id` uuid NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `model`), CONSTRAINT `model_usage_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `model_usage_amounts` CHECK (requests >= 0 AND credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `model_usage` (`day`, `user_id`, `model`, `requests`, `credits`, `prompt_tokens`, `completion_tokens`, `cost_micros`) SELECT `day`, `user_id`, `model`, SUM(`requests`), max(SUM(`credits`), 0), SUM(`prompt_tokens`), SUM(`completion_tokens`), SUM(`cost_micros`) FROM `daily_usage` GROUP BY `day`, `user_id`, `model`;
CREATE INDEX `model_usage_user_id_day` ON `model_usage` (`user_id`, `day`);
CREATE TABLE `new_daily_usage` (`day` date NOT NULL, `user_id` uuid NOT NULL, `key_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `prompt_tokens` integer NOT NULL, `completion_tokens` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `user_id`, `key_id`), CONSTRAINT `daily_usage_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `daily_usage_amounts` CHECK (requests >= 0 AND credits >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `new_daily_usage` (`day`, `user_id`, `key_id`, `requests`, `credits`, `prompt_tokens`, `completion_tokens`, `cost_micros`) SELECT `day`, `user_id`, `key_id`, SUM(`requests`), max(SUM(`credits`), 0), SUM(`prompt_tokens`), SUM(`completion_tokens`), SUM(`cost_micros`) FROM `daily_usage` GROUP BY `day`, `user_id`, `key_id`;
DROP TABLE `daily_usage`;
ALTER TABLE `new_daily_usage` RENAME TO `daily_usage`;
CREATE INDEX `daily_usage_user_id_day` ON `daily_usage` (`user_id`, `day`);
CREATE TABLE `new_user_days` (`day` date NOT NULL, `user_id` uuid NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, `last_charge_id` uuid NOT NULL, `h00` integer NOT NULL DEFAULT 0, `h01` integer NOT NULL DEFAULT 0, `h02` integer NOT NULL DEFAULT 0, `h03` integer NOT NULL DEFAULT 0, `h04` integer NOT NULL DEFAULT 0, `h05` integer NOT NULL DEFAULT 0, `h06` integer NOT NULL DEFAULT 0, `h07` integer NOT NULL DEFAULT 0, `h08` integer NOT NULL DEFAULT 0, `h09` integer NOT NULL DEFAULT 0, `h10` integer NOT NULL DEFAULT 0, `h11` integer NOT NULL DEFAULT 0, `h12` integer NOT NULL DEFAULT 0, `h13` integer NOT NULL DEFAULT 0, `h14` integer NOT NULL DEFAULT 0, `h15` integer NOT NULL DEFAULT 0, `h16` integer NOT NULL DEFAULT 0, `h17` integer NOT NULL DEFAULT 0, `h18` integer NOT NULL DEFAULT 0, `h19` integer NOT NULL DEFAULT 0, `h20` integer NOT NULL DEFAULT 0, `h21` integer NOT NULL DEFAULT 0, `h22` integer NOT NULL DEFAULT 0, `h23` integer NOT NULL DEFAULT 0, PRIMARY KEY (`day`, `user_id`), CONSTRAINT `user_days_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT, CONSTRAINT `user_days_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `new_user_days` (`day`, `user_id`, `requests`, `credits`, `cost_micros`, `last_charge_id`, `h00`, `h01`, `h02`, `h03`, `h04`, `h05`, `h06`, `h07`, `h08`, `h09`, `h10`, `h11`, `h12`, `h13`, `h14`, `h15`, `h16`, `h17`, `h18`, `h19`, `h20`, `h21`, `h22`, `h23`) SELECT `day`, `user_id`, `requests`, (`millionths` + 999999) / 1000000, `cost_micros`, `last_charge_id`, `h00`, `h01`, `h02`, `h03`, `h04`, `h05`, `h06`, `h07`, `h08`, `h09`, `h10`, `h11`, `h12`, `h13`, `h14`, `h15`, `h16`, `h17`, `h18`, `h19`, `h20`, `h21`, `h22`, `h23` FROM `user_days` WHERE `last_charge_id` IS NOT NULL;
DROP TABLE `user_days`;
ALTER TABLE `new_user_days` RENAME TO `user_days`;
CREATE INDEX `user_days_user_id_day` ON `user_days` (`user_id`, `day`);
CREATE TABLE `new_idempotency_keys` (`key_id` uuid NOT NULL, `text` text NOT NULL, `fingerprint` blob NOT NULL, `day` date NOT NULL, `credits_used` integer NOT NULL, `daily_limit` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`key_id`, `text`), CONSTRAINT `idempotency_keys_key` FOREIGN KEY (`key_id`) REFERENCES `api_keys` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `idempotency_keys_amounts` CHECK (credits_used >= 0 AND daily_limit >= 0)) WITHOUT ROWID;
INSERT OR IGNORE INTO `new_idempotency_keys` (`key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at`) SELECT `key_id`, `text`, `fingerprint`, `day`, `credits_used`, `daily_limit`, `created_at` FROM `idempotency_keys` WHERE `operation` = 'charge' ORDER BY `created_at` DESC;
DROP TABLE `idempotency_keys`;
ALTER TABLE `new_idempotency_keys` RENAME TO `idempotency_keys`;
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);
CREATE TABLE `new_closed_day_models` (`day` date NOT NULL, `model` text NOT NULL, `requests` integer NOT NULL, `credits` integer NOT NULL, `cost_micros` integer NOT NULL, PRIMARY KEY (`day`, `model`), CONSTRAINT `closed_day_models_day` FOREIGN KEY (`day`) REFERENCES `closed_days` (`day`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `closed_day_models_amounts` CHECK (requests >= 0 AND credits >= 0 AND cost_micros >= 0)) WITHOUT ROWID;
INSERT INTO `new_closed_day_models` (`day`, `model`, `requests`, `credits`, `cost_micros`) SELECT `day`, `model`, `requests`, max(`credits`, 0), `cost_micros` FROM `closed_day_models`;
DROP TABLE `closed_day_models`;
ALTER TABLE `new_closed_day_models` RENAME TO `closed_day_models`;
DROP TABLE `holds`;
DROP TABLE `grants`;
DROP TABLE `grant_days`;
DROP TABLE `corrections`;
DROP TABLE `reopened_days`;
PRAGMA foreign_keys = on;
