-- +goose Up
-- add column "position" to table: "plans"
ALTER TABLE `plans` ADD COLUMN `position` integer NOT NULL DEFAULT 0;
-- add column "is_default" to table: "plans"
ALTER TABLE `plans` ADD COLUMN `is_default` boolean NOT NULL DEFAULT false;
-- create index "plans_is_default" to table: "plans"
CREATE UNIQUE INDEX `plans_is_default` ON `plans` (`is_default`) WHERE is_default;
-- create "changes" table
CREATE TABLE `changes` (`seq` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `at` datetime NOT NULL, `change` text NOT NULL);
-- plans are listed by what they give, and Starter is the one that new users get
UPDATE `plans` SET `position` = (SELECT COUNT(*) FROM plans AS p WHERE p.daily_credit_limit < plans.daily_credit_limit);
UPDATE `plans` SET `is_default` = true WHERE name_folded = 'starter' AND NOT archived;

-- +goose Down
PRAGMA foreign_keys = off;
CREATE TABLE `new_plans` (`id` uuid NOT NULL, `name` text NOT NULL, `name_folded` text NOT NULL, `daily_credit_limit` integer NOT NULL, `price_cents` integer NOT NULL, `rate_limit_per_minute` integer NOT NULL, `features` text NOT NULL, `archived` boolean NOT NULL, `created_at` datetime NOT NULL, `max_keys` integer NOT NULL DEFAULT 20, `user_rate_limit_per_minute` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `plans_daily_credit_limit` CHECK (daily_credit_limit >= 0), CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0), CONSTRAINT `plans_rate_limit_per_minute` CHECK (rate_limit_per_minute >= 1), CONSTRAINT `plans_max_keys` CHECK (max_keys >= 1 AND max_keys <= 10000), CONSTRAINT `plans_user_rate_limit_per_minute` CHECK (user_rate_limit_per_minute IS NULL OR user_rate_limit_per_minute >= 1)) WITHOUT ROWID;
INSERT INTO `new_plans` (`id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute`) SELECT `id`, `name`, `name_folded`, `daily_credit_limit`, `price_cents`, `rate_limit_per_minute`, `features`, `archived`, `created_at`, `max_keys`, `user_rate_limit_per_minute` FROM `plans`;
DROP TABLE `plans`;
ALTER TABLE `new_plans` RENAME TO `plans`;
CREATE UNIQUE INDEX `plans_name` ON `plans` (`name_folded`);
DROP TABLE `changes`;
PRAGMA foreign_keys = on;
