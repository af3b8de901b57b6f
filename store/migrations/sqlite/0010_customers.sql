-- +goose Up
-- add column "of_customer" to table: "openid_sign_ins"
ALTER TABLE `openid_sign_ins` ADD COLUMN `of_customer` boolean NOT NULL DEFAULT false;
-- create "customer_sessions" table
CREATE TABLE `customer_sessions` (`token_hash` blob NOT NULL, `id` uuid NOT NULL, `user_id` uuid NOT NULL, `created_at` datetime NOT NULL, `last_seen_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `address` text NOT NULL, `user_agent` text NOT NULL, PRIMARY KEY (`token_hash`), CONSTRAINT `customer_sessions_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "customer_sessions_user_id" to table: "customer_sessions"
CREATE INDEX `customer_sessions_user_id` ON `customer_sessions` (`user_id`, `created_at`);
-- create index "customer_sessions_expires_at" to table: "customer_sessions"
CREATE INDEX `customer_sessions_expires_at` ON `customer_sessions` (`expires_at`);
-- create index "customer_sessions_id" to table: "customer_sessions"
CREATE UNIQUE INDEX `customer_sessions_id` ON `customer_sessions` (`id`);
-- create "sign_in_links" table
CREATE TABLE `sign_in_links` (`token_hash` blob NOT NULL, `browser_hash` blob NOT NULL, `email` text NOT NULL, `email_folded` text NOT NULL, `user_id` uuid NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`token_hash`), CONSTRAINT `sign_in_links_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE) WITHOUT ROWID;
-- create index "sign_in_links_email" to table: "sign_in_links"
CREATE INDEX `sign_in_links_email` ON `sign_in_links` (`email_folded`);
-- create index "sign_in_links_user_id" to table: "sign_in_links"
CREATE INDEX `sign_in_links_user_id` ON `sign_in_links` (`user_id`);
-- create index "sign_in_links_expires_at" to table: "sign_in_links"
CREATE INDEX `sign_in_links_expires_at` ON `sign_in_links` (`expires_at`);
-- create "registrations" table
CREATE TABLE `registrations` (`day` date NOT NULL, `users` integer NOT NULL, PRIMARY KEY (`day`), CONSTRAINT `registrations_users` CHECK (users >= 0)) WITHOUT ROWID;
-- create "user_alerts" table
CREATE TABLE `user_alerts` (`user_id` uuid NOT NULL, `usage_from_percent` integer NULL, `used_up` boolean NOT NULL, `key_expiring` boolean NOT NULL, `changed_at` datetime NOT NULL, PRIMARY KEY (`user_id`), CONSTRAINT `user_alerts_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE, CONSTRAINT `user_alerts_usage_from_percent` CHECK (usage_from_percent IS NULL OR (usage_from_percent >= 1 AND usage_from_percent <= 100))) WITHOUT ROWID;

-- +goose Down
PRAGMA foreign_keys = off;
CREATE TABLE `new_openid_sign_ins` (`state_hash` blob NOT NULL, `browser_hash` blob NOT NULL, `nonce` text NOT NULL, `verifier` text NOT NULL, `next` text NOT NULL, `expires_at` datetime NOT NULL, PRIMARY KEY (`state_hash`)) WITHOUT ROWID;
INSERT INTO `new_openid_sign_ins` (`state_hash`, `browser_hash`, `nonce`, `verifier`, `next`, `expires_at`) SELECT `state_hash`, `browser_hash`, `nonce`, `verifier`, `next`, `expires_at` FROM `openid_sign_ins`;
DROP TABLE `openid_sign_ins`;
ALTER TABLE `new_openid_sign_ins` RENAME TO `openid_sign_ins`;
CREATE INDEX `openid_sign_ins_expires_at` ON `openid_sign_ins` (`expires_at`);
DROP TABLE `customer_sessions`;
DROP TABLE `sign_in_links`;
DROP TABLE `registrations`;
DROP TABLE `user_alerts`;
PRAGMA foreign_keys = on;
