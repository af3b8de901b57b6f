// Generated from docs/openapi.json by `npm run types`. Do not edit.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell that the process runs */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether requests can be served */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the metrics to Prometheus */
        get: operations["showMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Give this document */
        get: operations["showDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check an API key at sign-in */
        post: operations["validate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/dashboard/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whose key this is and today's usage
         * @description The key needs the scope `usage`.
         */
        get: operations["overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your keys that are not revoked
         * @description The key needs the scope `keys`.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create a key
         * @description The key needs the scope `keys`.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check a customer's key, its rate and its quota, and charge it
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description The key needs the scope `keys`.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable a key
         * @description The key needs the scope `keys`.
         */
        patch: operations["changeKey"];
        trace?: never;
    };
    "/api/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a key a new secret
         * @description The key needs the scope `keys`.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/today": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show today's usage
         * @description The key needs the scope `usage`.
         */
        get: operations["usageToday"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the usage of every day
         * @description The key needs the scope `usage`.
         */
        get: operations["usageHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/detailed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List single charges
         * @description The key needs the scope `usage`.
         */
        get: operations["usageDetailed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the usage of each model
         * @description The key needs the scope `usage`.
         */
        get: operations["usageModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/hourly": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the requests of each hour of a day
         * @description The key needs the scope `usage`.
         */
        get: operations["usageHourly"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Charge credits to the calling key
         * @description The key needs the scope `charge`.
         */
        post: operations["charge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the service in numbers
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminUsers"];
        put?: never;
        /**
         * Create a user
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change, suspend or reactivate a user
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeUser"];
        trace?: never;
    };
    "/api/admin/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys across all users
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminKeys"];
        put?: never;
        /**
         * Create a key for a user
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke anybody's key
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminRevokeKey"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable anybody's key
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeKey"];
        trace?: never;
    };
    "/api/admin/tokens/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give anybody's key a new secret
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminRotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List plans
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminPlans"];
        put?: never;
        /**
         * Create a plan
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreatePlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change or archive a plan
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangePlan"];
        trace?: never;
    };
    "/api/admin/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the audit log
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Failure: {
            error: components["schemas"]["FailureDetail"];
        };
        FailureDetail: {
            /** @description What kind of failure this is; programs decide on it. */
            code: string;
            /** @description What happened and what to do next, for people. */
            message: string;
            /**
             * Format: int64
             * @description The HTTP status, once more.
             */
            status: number;
            /** @description The id of the request, also in X-Request-Id; name it when you report a problem. */
            request_id: string;
            /** @description With validation_failed: each wrong field and what is wrong with it. */
            fields?: {
                [key: string]: string;
            };
        };
        Health: {
            /** @enum {string} */
            status: "ok";
            version: string;
        };
        Readiness: {
            /** @enum {string} */
            status: "ok" | "degraded" | "unavailable" | "draining";
            /** @enum {string} */
            database: "ok" | "unavailable";
            /**
             * @description unknown while the database is away.
             * @enum {string}
             */
            schema: "ok" | "drifted" | "unknown";
            /**
             * @description unused where none is configured; without it each instance counts by itself.
             * @enum {string}
             */
            valkey: "ok" | "unavailable" | "unused";
            /**
             * @description low: less than 256 MiB are left for the embedded database; unused on Postgres.
             * @enum {string}
             */
            disk: "ok" | "low" | "unavailable" | "unused";
        };
        ValidateRequest: {
            /**
             * Format: password
             * @description The API key to check.
             */
            token: string;
        };
        Session: {
            valid: boolean;
            /** @description null where the key is not valid. */
            user: components["schemas"]["Account"] | null;
            /**
             * @description null where the key is not valid.
             * @enum {string|null}
             */
            role: "user" | "service" | "admin" | null;
            /** @enum {string} */
            session_source: "local";
            /** @description Whether the answer comes from a part of the service alone; always false. */
            degraded: boolean;
            /** @description Why the key is not valid; null where it is. */
            message: string | null;
        };
        Account: {
            email: string;
            /** @description null where none was given. */
            name: string | null;
            /** @description The plan's name. */
            plan: string;
            /** @enum {string} */
            status: "active" | "suspended";
        };
        Overview: {
            user: components["schemas"]["Account"] | null;
            usage: components["schemas"]["TodayUsage"];
            /** @description The calling key. */
            key: components["schemas"]["KeyItem"];
            /** @enum {string} */
            role: "user" | "service" | "admin";
            /** @enum {string} */
            session_source: "local";
            /** @description Whether the answer comes from a part of the service alone; always false. */
            degraded: boolean;
        };
        TodayUsage: {
            /**
             * Format: int64
             * @description Over all the user's keys.
             */
            credits_used: number;
            /** Format: int64 */
            daily_limit: number;
            /** Format: int64 */
            request_count: number;
            /**
             * Format: date
             * @description The day in UTC.
             */
            date: string;
        };
        KeyItem: {
            /** Format: uuid */
            id: string;
            /** @description The beginning of the key, for display. */
            prefix: string;
            label: string;
            /** @enum {string} */
            status: "active" | "disabled";
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Exact to a minute; null before the first use.
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @description null where the key does not expire.
             */
            expires_at: string | null;
            /** @description What the key may do: call models, read usage, manage keys, charge itself; verify the keys of others, or manage everything, where its user has the role for it. */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
            /** @description Addresses and networks that the key may be used from; everywhere where empty. */
            allowed_addresses: string[];
            /** @description Your e-mail, or operator; empty for a key from before it was written down. */
            created_by: string;
            /**
             * Format: uuid
             * @description The key of yours that made this one; null where none did.
             */
            created_by_key_id: string | null;
        };
        CreateKeyRequest: {
            /** @description What the key is for; Default unless given. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key stops working; never unless given.
             */
            expires_at?: string | null;
            /** @description What the key may do. Unless given: models, usage and keys; of a service: service; of an admin: admin, models, usage and keys. Operators alone give charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks that the key may be used from, IPv4 and IPv6; everywhere unless given. */
            allowed_addresses?: string[] | null;
            /**
             * @description active unless given; a disabled key answers as a revoked one does until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
        };
        MintedKey: {
            /** Format: uuid */
            id: string;
            /** @description The key in clear. It is shown this once and stored nowhere. */
            key: string;
            /** @description The beginning of the key, for display. */
            prefix: string;
            label: string;
        };
        VerifyRequest: {
            /**
             * Format: password
             * @description The customer's key.
             */
            key: string;
            /**
             * Format: int64
             * @description How many credits to charge; with 0 the quota is told, not enforced.
             * @default 0
             */
            credits?: number | null;
            /** @description Makes a repeat within 24 hours answer as the first did, and charge nothing. With 0 credits there is no charge to repeat, and it is not looked at. */
            idempotency_key?: string | null;
            /** @description The customer's address as you see it. A key with allowed addresses is IP_NOT_ALLOWED for other ones, and where this is absent. */
            address?: string | null;
            /**
             * @description The model that was used.
             * @default unknown
             */
            model?: string | null;
            /**
             * Format: int64
             * @default 0
             */
            prompt_tokens?: number | null;
            /**
             * Format: int64
             * @default 0
             */
            completion_tokens?: number | null;
            /**
             * @description In dollars, rounded half-even to a micro-dollar.
             * @default 0
             */
            cost_usd?: number | null;
        };
        Verdict: {
            valid: boolean;
            /**
             * @description The first that speaks against the key. INSUFFICIENT_SCOPE: the key has not the scope models.
             * @enum {string}
             */
            code: "VALID" | "NOT_FOUND" | "REVOKED" | "DISABLED" | "EXPIRED" | "SUSPENDED" | "INSUFFICIENT_SCOPE" | "IP_NOT_ALLOWED" | "RATE_LIMITED" | "QUOTA_EXCEEDED";
            /** Format: uuid */
            key_id: string | null;
            user: components["schemas"]["VerifiedUser"] | null;
            key: components["schemas"]["VerifiedKey"] | null;
            /** @description The feature flags of the plan. */
            features: Record<string, never> | null;
            credits: components["schemas"]["CreditState"] | null;
            rate_limit: components["schemas"]["RateState"] | null;
            /** @description Whether an earlier charge with this idempotency key is told again. */
            duplicate: boolean;
        };
        VerifiedUser: {
            /** Format: uuid */
            id: string;
            email: string;
            plan: string;
            /** @enum {string} */
            status: "active" | "suspended";
        };
        VerifiedKey: {
            label: string;
            /** @description What the key may do. */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
        };
        CreditState: {
            /** Format: int64 */
            used: number;
            /** Format: int64 */
            limit: number;
            /** Format: int64 */
            remaining: number;
            /**
             * Format: date-time
             * @description The next 00:00 UTC.
             */
            resets_at: string;
        };
        RateState: {
            /**
             * Format: int64
             * @description Requests in any 60 seconds.
             */
            limit: number;
            /** Format: int64 */
            remaining: number;
            /**
             * Format: int64
             * @description Seconds until the window has room; 0 while there is room.
             */
            reset_seconds: number;
        };
        ChangeKeyRequest: {
            /** @description What the key is for. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key stops working; null for never.
             */
            expires_at?: string | null;
            /** @description What the key may do, in place of what it might before. Operators alone give charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks that the key may be used from, in place of those before; [] for everywhere. */
            allowed_addresses?: string[] | null;
            /**
             * @description A disabled key answers as a revoked one does until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
        };
        Updated: {
            updated: boolean;
        };
        Deleted: {
            deleted: boolean;
            /**
             * Format: int64
             * @description With with_created: how many keys were revoked beside this one.
             */
            also_revoked?: number | null;
        };
        RotateKeyRequest: {
            /**
             * Format: int64
             * @description How long the old secret goes on working, 7 days at most.
             * @default 0
             */
            grace_seconds?: number | null;
        };
        DayUsage: {
            /** Format: date */
            date: string;
            /** Format: int64 */
            credits_used: number;
            /** Format: int64 */
            request_count: number;
            cost_usd: number;
        };
        ChargeItem: {
            /** Format: uuid */
            id: string;
            model: string;
            /** Format: int64 */
            prompt_tokens: number;
            /** Format: int64 */
            completion_tokens: number;
            cost_usd: number;
            /** Format: int64 */
            credits: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date */
            date: string;
        };
        ModelUsage: {
            /** @description The 1000 dearest models at the most. */
            model: string;
            /** @description In dollars. */
            total_cost: number;
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            prompt_tokens: number;
            /** Format: int64 */
            completion_tokens: number;
        };
        HourUsage: {
            /**
             * Format: int64
             * @description The hour in UTC.
             */
            hour: number;
            /** Format: int64 */
            requests: number;
        };
        ChargeRequest: {
            /**
             * Format: int64
             * @default 1
             */
            credits?: number | null;
            /**
             * @description The model that was used.
             * @default unknown
             */
            model?: string | null;
            /**
             * Format: int64
             * @default 0
             */
            prompt_tokens?: number | null;
            /**
             * Format: int64
             * @default 0
             */
            completion_tokens?: number | null;
            /**
             * @description In dollars, rounded half-even to a micro-dollar.
             * @default 0
             */
            cost_usd?: number | null;
        };
        Receipt: {
            recorded: boolean;
            /** @description Whether an earlier charge with this idempotency key is told again. */
            duplicate: boolean;
            /**
             * Format: int64
             * @description Of the day, over all the user's keys.
             */
            credits_used: number;
            /** Format: int64 */
            daily_limit: number;
            /** Format: int64 */
            remaining: number;
            /** Format: date */
            date: string;
        };
        ServiceStatus: {
            /** Format: int64 */
            user_count: number;
            /** Format: int64 */
            active_token_count: number;
            /** Format: int64 */
            today_credits_used: number;
            /** @description An upstream this service could be joined to; there is none. */
            integration: components["schemas"]["Integration"];
        };
        Integration: {
            enabled: boolean;
            upstream_url: string;
            management_url: string;
            upstream_reachable: boolean;
            management_reachable: boolean;
            last_error: string | null;
        };
        AdminUser: {
            /** Format: uuid */
            id: string;
            email: string;
            /** @description null where none was given. */
            name: string | null;
            /** @enum {string} */
            status: "active" | "suspended";
            plan: string;
            /** @enum {string} */
            role: "user" | "service" | "admin";
            /**
             * Format: int64
             * @description Active keys.
             */
            key_count: number;
            /** Format: int64 */
            credits_used_today: number;
            /** Format: date-time */
            created_at: string;
        };
        CreateUserRequest: {
            /** @description Unique without case. */
            email: string;
            name?: string | null;
            /** @description A plan's name, without case. */
            plan: string;
            /**
             * @default user
             * @enum {string|null}
             */
            role?: "user" | "service" | "admin" | null;
        };
        ChangeUserRequest: {
            /** @description null or empty removes it. */
            name?: string | null;
            /** @description A plan's name, without case. */
            plan?: string | null;
            /**
             * @description Users are suspended, never deleted.
             * @enum {string|null}
             */
            status?: "active" | "suspended" | null;
            /** @enum {string|null} */
            role?: "user" | "service" | "admin" | null;
        };
        AdminKey: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            user_id: string;
            user_email: string;
            prefix: string;
            label: string;
            /** @enum {string} */
            status: "active" | "disabled" | "revoked";
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_used_at: string | null;
            /** Format: date-time */
            revoked_at: string | null;
            /**
             * Format: date-time
             * @description null where the key does not expire.
             */
            expires_at: string | null;
            /** @description What the key may do: call models, read usage, manage keys, charge itself; verify the keys of others, or manage everything, where its user has the role for it. */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
            /** @description Addresses and networks that the key may be used from; everywhere where empty. */
            allowed_addresses: string[];
            /** @description An e-mail, or cli or system; empty for a key from before it was written down. */
            created_by: string;
            /**
             * Format: uuid
             * @description The key that made this one; null where none did.
             */
            created_by_key_id: string | null;
        };
        AdminCreateKeyRequest: {
            /**
             * Format: uuid
             * @description Whose key it will be.
             */
            user_id: string;
            /** @description What the key is for; Default unless given. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key stops working; never unless given.
             */
            expires_at?: string | null;
            /** @description What the key may do. Unless given: models, usage and keys; of a service: service; of an admin: admin, models, usage and keys. Operators alone give charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks that the key may be used from, IPv4 and IPv6; everywhere unless given. */
            allowed_addresses?: string[] | null;
            /**
             * @description active unless given; a disabled key answers as a revoked one does until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
        };
        AdminPlan: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: int64 */
            daily_credit_limit: number;
            /**
             * Format: int64
             * @description A month's price.
             */
            price_cents: number;
            /**
             * Format: int64
             * @description Of each key.
             */
            rate_limit_per_minute: number;
            /**
             * Format: int64
             * @description Of all keys of a user together; null for no such limit.
             */
            user_rate_limit_per_minute: number | null;
            /**
             * Format: int64
             * @description How many keys a user may have that are not revoked.
             */
            max_keys: number;
            /** @description Feature flags. */
            features: Record<string, never>;
            /** @description Whether the plan takes no new users; who has it keeps it. */
            archived: boolean;
        };
        CreatePlanRequest: {
            /** @description Unique without case. */
            name: string;
            /** Format: int64 */
            daily_credit_limit: number;
            /**
             * Format: int64
             * @description A month's price.
             */
            price_cents?: number | null;
            /**
             * Format: int64
             * @description Of each key; 100 in a plan that was given none.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Of all keys of a user together; null for no such limit.
             */
            user_rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description How many keys a user may have that are not revoked; 20 in a plan that was given none.
             */
            max_keys?: number | null;
            /** @description Feature flags; {} in a plan that was given none. */
            features?: Record<string, never> | null;
            /** @description An archived plan takes no new users; who has it keeps it. */
            archived?: boolean | null;
        };
        ChangePlanRequest: {
            /** @description Unique without case. */
            name?: string | null;
            /** Format: int64 */
            daily_credit_limit?: number | null;
            /**
             * Format: int64
             * @description A month's price.
             */
            price_cents?: number | null;
            /**
             * Format: int64
             * @description Of each key; 100 in a plan that was given none.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Of all keys of a user together; null for no such limit.
             */
            user_rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description How many keys a user may have that are not revoked; 20 in a plan that was given none.
             */
            max_keys?: number | null;
            /** @description Feature flags; {} in a plan that was given none. */
            features?: Record<string, never> | null;
            /** @description An archived plan takes no new users; who has it keeps it. */
            archived?: boolean | null;
        };
        AuditLog: {
            logs: components["schemas"]["AuditLine"][];
        };
        AuditLine: {
            /** Format: date-time */
            timestamp: string;
            actor: string;
            /** @description The prefix of the API key that it was asked with; empty where none was. */
            key: string;
            /** @description noun.verb in the past. */
            action: string;
            /** @description An e-mail, a key's prefix or a plan's name. */
            target: string;
            details: string;
        };
    };
    responses: {
        /** @description The user is suspended, or has another role than the path is for. The key has not the scope that the path needs, or it would give another key more than it may do itself. The key may not be used from this address. */
        refused_key: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The body is absent though one is needed, is not JSON, or is not an object. */
        bad_request: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The key is missing, malformed, unknown, revoked, disabled or expired. */
        unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description There is no such id, or it belongs to somebody else. */
        not_found: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description Something else stands in the way: a name that is taken, a rotation at the same moment, an idempotency key of another charge, as many keys as the plan allows. */
        conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The body is larger than 1 MiB. */
        payload_too_large: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The body is not declared as JSON. */
        unsupported_media_type: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description A field or parameter has a wrong type or an impossible value; fields names each. */
        validation_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The window is full. Retry-After says when it has room. */
        rate_limited: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The charge does not fit into what is left of the day; nothing was recorded. Retry-After counts to the next day. */
        quota_exceeded: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The service cannot reach its storage. Try again after Retry-After. */
        service_unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The id of the request. */
        "X-Request-Id": string;
        /** @description Requests in any 60 seconds. */
        "X-RateLimit-Limit": number;
        /** @description Requests that would be let through at this moment. */
        "X-RateLimit-Remaining": number;
        /** @description Seconds until the window has room; 0 while there is room. */
        "X-RateLimit-Reset": number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "version": "v1.0.0"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "database": "ok",
                     *       "schema": "ok",
                     *       "valkey": "ok",
                     *       "disk": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description The answer. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "database": "ok",
                     *       "schema": "ok",
                     *       "valkey": "ok",
                     *       "disk": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    showMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    showDocument: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    validate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "codexible_0123456789abcdef0123456789abcdef"
                 *     }
                 */
                "application/json": components["schemas"]["ValidateRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "valid": false,
                     *       "user": {
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "plan": "Pro",
                     *         "status": "active"
                     *       },
                     *       "role": "user",
                     *       "session_source": "local",
                     *       "degraded": false,
                     *       "message": null
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["bad_request"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user": {
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "plan": "Pro",
                     *         "status": "active"
                     *       },
                     *       "usage": {
                     *         "credits_used": 89,
                     *         "daily_limit": 250,
                     *         "request_count": 61,
                     *         "date": "2026-03-04"
                     *       },
                     *       "key": {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "prefix": "codexible_01234567",
                     *         "label": "Laptop",
                     *         "status": "active",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "last_used_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z",
                     *         "scopes": [
                     *           "models",
                     *           "usage"
                     *         ],
                     *         "allowed_addresses": [
                     *           "203.0.113.7",
                     *           "10.0.0.0/8"
                     *         ],
                     *         "created_by": "ada@example.com",
                     *         "created_by_key_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *       },
                     *       "role": "user",
                     *       "session_source": "local",
                     *       "degraded": false
                     *     }
                     */
                    "application/json": components["schemas"]["Overview"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /** @description How many keys at most. */
                limit?: number;
                /** @description The id of the last key of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "prefix": "codexible_01234567",
                     *         "label": "Laptop",
                     *         "status": "active",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "last_used_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z",
                     *         "scopes": [
                     *           "models",
                     *           "usage"
                     *         ],
                     *         "allowed_addresses": [
                     *           "203.0.113.7",
                     *           "10.0.0.0/8"
                     *         ],
                     *         "created_by": "ada@example.com",
                     *         "created_by_key_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["KeyItem"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "label": "Laptop",
                 *       "expires_at": "2030-01-01T00:00:00Z",
                 *       "scopes": [
                 *         "models",
                 *         "usage"
                 *       ],
                 *       "allowed_addresses": [
                 *         "203.0.113.7",
                 *         "10.0.0.0/8"
                 *       ],
                 *       "status": "active"
                 *     }
                 */
                "application/json": components["schemas"]["CreateKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "key": "codexible_0123456789abcdef0123456789abcdef",
                     *       "prefix": "codexible_01234567",
                     *       "label": "Laptop"
                     *     }
                     */
                    "application/json": components["schemas"]["MintedKey"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "codexible_0123456789abcdef0123456789abcdef",
                 *       "credits": 2,
                 *       "idempotency_key": "order-4711",
                 *       "address": "203.0.113.7",
                 *       "model": "coder-large",
                 *       "prompt_tokens": 1200,
                 *       "completion_tokens": 340,
                 *       "cost_usd": 0.0125
                 *     }
                 */
                "application/json": components["schemas"]["VerifyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "valid": true,
                     *       "code": "VALID",
                     *       "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "user": {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "email": "ada@example.com",
                     *         "plan": "Pro",
                     *         "status": "active"
                     *       },
                     *       "key": {
                     *         "label": "Laptop",
                     *         "scopes": [
                     *           "models",
                     *           "usage"
                     *         ]
                     *       },
                     *       "features": {
                     *         "priority": true
                     *       },
                     *       "credits": {
                     *         "used": 91,
                     *         "limit": 250,
                     *         "remaining": 159,
                     *         "resets_at": "2026-03-04T12:00:00Z"
                     *       },
                     *       "rate_limit": {
                     *         "limit": 100,
                     *         "remaining": 99,
                     *         "reset_seconds": 0
                     *       },
                     *       "duplicate": false
                     *     }
                     */
                    "application/json": components["schemas"]["Verdict"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    revokeKey: {
        parameters: {
            query?: {
                /** @description Whether the keys that this one made are revoked with it, and those that these made. */
                with_created?: boolean;
            };
            header?: never;
            path: {
                /** @description The key's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "deleted": true,
                     *       "also_revoked": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    changeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "label": "Build server",
                 *       "expires_at": "2030-01-01T00:00:00Z",
                 *       "scopes": [
                 *         "models",
                 *         "usage"
                 *       ],
                 *       "allowed_addresses": [
                 *         "203.0.113.7",
                 *         "10.0.0.0/8"
                 *       ],
                 *       "status": "active"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "updated": true
                     *     }
                     */
                    "application/json": components["schemas"]["Updated"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id, which stays. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "grace_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "key": "codexible_0123456789abcdef0123456789abcdef",
                     *       "prefix": "codexible_01234567",
                     *       "label": "Laptop"
                     *     }
                     */
                    "application/json": components["schemas"]["MintedKey"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageToday: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "credits_used": 89,
                     *       "daily_limit": 250,
                     *       "request_count": 61,
                     *       "date": "2026-03-04"
                     *     }
                     */
                    "application/json": components["schemas"]["TodayUsage"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageHistory: {
        parameters: {
            query?: {
                /** @description How many days, today included. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "date": "2026-03-04",
                     *         "credits_used": 89,
                     *         "request_count": 61,
                     *         "cost_usd": 1.2475
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["DayUsage"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageDetailed: {
        parameters: {
            query?: {
                /** @description How many days, today included. */
                days?: number;
                /** @description How many charges at most. */
                limit?: number;
                /** @description How many charges to pass over. */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "model": "coder-large",
                     *         "prompt_tokens": 1200,
                     *         "completion_tokens": 340,
                     *         "cost_usd": 0.0125,
                     *         "credits": 2,
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "date": "2026-03-04"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["ChargeItem"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageModels: {
        parameters: {
            query?: {
                /** @description How many days, today included. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "model": "coder-large",
                     *         "total_cost": 12.5,
                     *         "requests": 420,
                     *         "prompt_tokens": 510000,
                     *         "completion_tokens": 140000
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["ModelUsage"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageHourly: {
        parameters: {
            query?: {
                /** @description The day in UTC, 2000-01-01 to 2100-12-31; today unless given. */
                date?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "hour": 14,
                     *         "requests": 9
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["HourUsage"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    charge: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat within 24 hours answer as the first did, and charge nothing. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "credits": 2,
                 *       "model": "coder-large",
                 *       "prompt_tokens": 1200,
                 *       "completion_tokens": 340,
                 *       "cost_usd": 0.0125
                 *     }
                 */
                "application/json": components["schemas"]["ChargeRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "recorded": true,
                     *       "duplicate": false,
                     *       "credits_used": 91,
                     *       "daily_limit": 250,
                     *       "remaining": 159,
                     *       "date": "2026-03-04"
                     *     }
                     */
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            /** @description The window is full. Retry-After says when it has room. The charge does not fit into what is left of the day; nothing was recorded. Retry-After counts to the next day. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Failure"];
                };
            };
            503: components["responses"]["service_unavailable"];
        };
    };
    adminStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user_count": 1204,
                     *       "active_token_count": 3317,
                     *       "today_credits_used": 48210,
                     *       "integration": {
                     *         "enabled": false,
                     *         "upstream_url": "",
                     *         "management_url": "",
                     *         "upstream_reachable": false,
                     *         "management_reachable": false,
                     *         "last_error": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ServiceStatus"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminUsers: {
        parameters: {
            query?: {
                /** @description A part of e-mail, name, label or prefix, without case; from the beginning where it is shorter than three characters. */
                q?: string;
                /** @description How many rows at most. */
                limit?: number;
                /** @description How many rows to pass over. */
                offset?: number;
                /** @description The id of the last row of the page before: the way to page on through any number of rows. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "status": "active",
                     *         "plan": "Pro",
                     *         "role": "user",
                     *         "key_count": 2,
                     *         "credits_used_today": 89,
                     *         "created_at": "2026-03-04T12:00:00Z"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminUser"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreateUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "name": "Ada Lovelace",
                 *       "plan": "Pro",
                 *       "role": "user"
                 *     }
                 */
                "application/json": components["schemas"]["CreateUserRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "email": "ada@example.com",
                     *       "name": "Ada Lovelace",
                     *       "status": "active",
                     *       "plan": "Pro",
                     *       "role": "user",
                     *       "key_count": 2,
                     *       "credits_used_today": 89,
                     *       "created_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada King",
                 *       "plan": "Business",
                 *       "status": "active",
                 *       "role": "user"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeUserRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "email": "ada@example.com",
                     *       "name": "Ada Lovelace",
                     *       "status": "active",
                     *       "plan": "Pro",
                     *       "role": "user",
                     *       "key_count": 2,
                     *       "credits_used_today": 89,
                     *       "created_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminKeys: {
        parameters: {
            query?: {
                /** @description A part of e-mail, name, label or prefix, without case; from the beginning where it is shorter than three characters. */
                q?: string;
                /** @description How many rows at most. */
                limit?: number;
                /** @description How many rows to pass over. */
                offset?: number;
                /** @description The id of the last row of the page before: the way to page on through any number of rows. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "user_email": "ada@example.com",
                     *         "prefix": "codexible_01234567",
                     *         "label": "Laptop",
                     *         "status": "active",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "last_used_at": "2026-03-04T12:00:00Z",
                     *         "revoked_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z",
                     *         "scopes": [
                     *           "models",
                     *           "usage"
                     *         ],
                     *         "allowed_addresses": [
                     *           "203.0.113.7",
                     *           "10.0.0.0/8"
                     *         ],
                     *         "created_by": "ada@example.com",
                     *         "created_by_key_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminKey"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreateKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                 *       "label": "Laptop",
                 *       "expires_at": "2030-01-01T00:00:00Z",
                 *       "scopes": [
                 *         "models",
                 *         "usage"
                 *       ],
                 *       "allowed_addresses": [
                 *         "203.0.113.7",
                 *         "10.0.0.0/8"
                 *       ],
                 *       "status": "active"
                 *     }
                 */
                "application/json": components["schemas"]["AdminCreateKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "key": "codexible_0123456789abcdef0123456789abcdef",
                     *       "prefix": "codexible_01234567",
                     *       "label": "Laptop"
                     *     }
                     */
                    "application/json": components["schemas"]["MintedKey"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminRevokeKey: {
        parameters: {
            query?: {
                /** @description Whether the keys that this one made are revoked with it, and those that these made. */
                with_created?: boolean;
            };
            header?: never;
            path: {
                /** @description The key's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "deleted": true,
                     *       "also_revoked": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Deleted"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "label": "Build server",
                 *       "expires_at": "2030-01-01T00:00:00Z",
                 *       "scopes": [
                 *         "models",
                 *         "usage"
                 *       ],
                 *       "allowed_addresses": [
                 *         "203.0.113.7",
                 *         "10.0.0.0/8"
                 *       ],
                 *       "status": "active"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "updated": true
                     *     }
                     */
                    "application/json": components["schemas"]["Updated"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminRotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's id, which stays. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "grace_seconds": 3600
                 *     }
                 */
                "application/json": components["schemas"]["RotateKeyRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "key": "codexible_0123456789abcdef0123456789abcdef",
                     *       "prefix": "codexible_01234567",
                     *       "label": "Laptop"
                     *     }
                     */
                    "application/json": components["schemas"]["MintedKey"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminPlans: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "name": "Pro",
                     *         "daily_credit_limit": 250,
                     *         "price_cents": 3000,
                     *         "rate_limit_per_minute": 100,
                     *         "user_rate_limit_per_minute": 300,
                     *         "max_keys": 20,
                     *         "features": {
                     *           "priority": true
                     *         },
                     *         "archived": false
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminPlan"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreatePlan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Team",
                 *       "daily_credit_limit": 1000,
                 *       "price_cents": 3000,
                 *       "rate_limit_per_minute": 100,
                 *       "user_rate_limit_per_minute": 300,
                 *       "max_keys": 20,
                 *       "features": {
                 *         "priority": true
                 *       },
                 *       "archived": false
                 *     }
                 */
                "application/json": components["schemas"]["CreatePlanRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "name": "Pro",
                     *       "daily_credit_limit": 250,
                     *       "price_cents": 3000,
                     *       "rate_limit_per_minute": 100,
                     *       "user_rate_limit_per_minute": 300,
                     *       "max_keys": 20,
                     *       "features": {
                     *         "priority": true
                     *       },
                     *       "archived": false
                     *     }
                     */
                    "application/json": components["schemas"]["AdminPlan"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangePlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The plan's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Team",
                 *       "daily_credit_limit": 1000,
                 *       "price_cents": 3000,
                 *       "rate_limit_per_minute": 100,
                 *       "user_rate_limit_per_minute": 300,
                 *       "max_keys": 20,
                 *       "features": {
                 *         "priority": true
                 *       },
                 *       "archived": false
                 *     }
                 */
                "application/json": components["schemas"]["ChangePlanRequest"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "name": "Pro",
                     *       "daily_credit_limit": 250,
                     *       "price_cents": 3000,
                     *       "rate_limit_per_minute": 100,
                     *       "user_rate_limit_per_minute": 300,
                     *       "max_keys": 20,
                     *       "features": {
                     *         "priority": true
                     *       },
                     *       "archived": false
                     *     }
                     */
                    "application/json": components["schemas"]["AdminPlan"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminLogs: {
        parameters: {
            query?: {
                /** @description A part of actor, acting key, action, target or details, without case; from the beginning where it is shorter than three characters. */
                q?: string;
                /** @description How many lines at most. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "X-RateLimit-Limit": components["headers"]["X-RateLimit-Limit"];
                    "X-RateLimit-Remaining": components["headers"]["X-RateLimit-Remaining"];
                    "X-RateLimit-Reset": components["headers"]["X-RateLimit-Reset"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "logs": [
                     *         {
                     *           "timestamp": "2026-03-04T12:00:00Z",
                     *           "actor": "admin@example.com",
                     *           "key": "codexible_01234567",
                     *           "action": "user.suspended",
                     *           "target": "ada@example.com",
                     *           "details": "Changed user ada@example.com: status from active to suspended."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["AuditLog"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
}
