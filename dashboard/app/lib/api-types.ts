// Generated from docs/openapi.json by `npm run types`. Do not edit.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check that the process runs */
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
        /** Check whether requests can be served */
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
        /** Return metrics for Prometheus */
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
        /** Return this OpenAPI document */
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
    "/api/session/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show how customers can sign in without a key */
        get: operations["sessionOptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a link to sign in by mail */
        post: operations["sendSignInLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the session and its user
         * @description Needs a session.
         */
        get: operations["showSession"];
        put?: never;
        /** Sign in by a link that was sent by mail */
        post: operations["openSession"];
        /**
         * Sign out
         * @description Needs a session.
         */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/openid": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin to sign in with OpenID Connect */
        post: operations["beginOpenID"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/openid/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with what the OpenID Connect provider answered */
        post: operations["finishOpenID"];
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
         * Show the key's user and today's usage
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
         * List your keys, except revoked ones
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
         * Verify a customer's key, its rate limit and its quota, and charge credits
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/verify/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify up to 100 keys in one request
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["verifyBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the open holds that your services made
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        get: operations["listHolds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds/{id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a hold by the real charge
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["settleHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Raise a hold, record what was delivered, and move its deadline
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["extendHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/holds/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a hold without a charge
         * @description The key needs the scope `service`, and its user the role `service`.
         */
        post: operations["releaseHold"];
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
         * Rotate a key
         * @description The key needs the scope `keys`.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the models that the key can use, with their prices in credits
         * @description The key needs the scope `usage`.
         */
        get: operations["models"];
        put?: never;
        post?: never;
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
         * Show usage by day
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
    "/api/usage/charges/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show why a charge cost what it did
         * @description The key needs the scope `usage`.
         */
        get: operations["usageCharge"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show your credits with your grants
         * @description The key needs the scope `usage`.
         */
        get: operations["usageCredits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your calls of models that were refused or failed
         * @description The key needs the scope `usage`.
         */
        get: operations["usageRefusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/usage/speed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how fast models answered your calls
         * @description The key needs the scope `usage`.
         */
        get: operations["usageSpeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show which mails about your account you get
         * @description The key needs the scope `usage`.
         */
        get: operations["alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Choose which mails about your account you get
         * @description The key needs the scope `keys`.
         */
        patch: operations["changeAlerts"];
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
         * Show usage by model
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
         * Show the requests of a day by hour
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
         * Show totals of the service
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
        /**
         * Show a user
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminUser"];
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
    "/api/admin/users/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export everything about a user
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminExportUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Erase what is known of a user, for good
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminEraseUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a user's grants
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminGrants"];
        put?: never;
        /**
         * Give a user credits beside the plan
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateGrant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}/grants/{grant_id}": {
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
         * Revoke what is left of a grant
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminRevokeGrant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/users/{id}/corrections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a user's corrections
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminCorrections"];
        put?: never;
        /**
         * Take credits of a user on a day, or give them back
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCorrect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List open holds of all users
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminHolds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/holds/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End any hold without a charge
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminReleaseHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
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
         * Revoke any user's key
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminRevokeKey"];
        options?: never;
        head?: never;
        /**
         * Change, disable or enable any user's key
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
         * Rotate any user's key
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
    "/api/admin/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminModels"];
        put?: never;
        /**
         * Offer a model
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/models/{id}": {
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
         * Stop offering a model
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminDeleteModel"];
        options?: never;
        head?: never;
        /**
         * Change a model
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeModel"];
        trace?: never;
    };
    "/api/admin/upstreams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List upstreams
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminUpstreams"];
        put?: never;
        /**
         * Add an upstream
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateUpstream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/upstreams/{id}": {
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
         * Delete an upstream
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminDeleteUpstream"];
        options?: never;
        head?: never;
        /**
         * Change an upstream
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeUpstream"];
        trace?: never;
    };
    "/api/admin/upstreams/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test an upstream by a small call
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminTestUpstream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List prices, the last that was set first
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminPrices"];
        put?: never;
        /**
         * Set a model's price from a moment on
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminSetPrice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices/quote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show what usage costs, and why
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminQuote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/prices/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import a price list, or show what would change
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminImportPrices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List calls of models, refused and failed ones included
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminRequests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a call of a model
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminRequest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the settings
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change settings
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeSettings"];
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
    "/api/admin/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sum up usage by day, hour, user, key, model, plan or upstream, as JSON or CSV
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/usage/charges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List single charges with adjustments and corrections, as JSON or CSV
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminUsageCharges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/appearance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show the product's name, colours and links */
        get: operations["appearance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/appearance/logo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the product's logo */
        get: operations["logo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminWebhooks"];
        put?: never;
        /**
         * Add a webhook
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminCreateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}": {
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
         * Delete a webhook and its deliveries
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        delete: operations["adminDeleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        patch: operations["adminChangeWebhook"];
        trace?: never;
    };
    "/api/admin/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook another secret
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminRotateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event to a webhook
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminTestWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the deliveries of a webhook, the newest event first
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        get: operations["adminDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/webhooks/{id}/deliveries/{delivery_id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an event to a webhook again
         * @description The key needs the scope `admin`, and its user the role `admin`.
         */
        post: operations["adminRedeliver"];
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
            /** @description The kind of error, for programs. */
            code: string;
            /** @description What happened and what to do next, for people. */
            message: string;
            /**
             * Format: int64
             * @description The HTTP status code.
             */
            status: number;
            /** @description The request's id, also in X-Request-Id. Include it when you report a problem. */
            request_id: string;
            /** @description Only with validation_failed: each invalid field and its problem. */
            fields?: {
                [key: string]: string;
            };
        };
        Health: {
            /** @enum {string} */
            status: "ok";
            version: string;
            /** @description Whether the service runs with demo data and published keys; left out where it does not. */
            demo?: boolean;
        };
        Readiness: {
            /** @enum {string} */
            status: "ok" | "degraded" | "unavailable" | "draining";
            /** @enum {string} */
            database: "ok" | "unavailable";
            /**
             * @description unknown while the database is unavailable.
             * @enum {string}
             */
            schema: "ok" | "drifted" | "unknown";
            /**
             * @description unused if not configured. If unused or unavailable, each instance counts rate limits by itself.
             * @enum {string}
             */
            valkey: "ok" | "unavailable" | "unused";
            /**
             * @description How changes of other instances arrive, within a second: by a notification of Postgres, or by asking the database.
             * @enum {string}
             */
            changes: "notified" | "polled";
            /**
             * @description low: less than 256 MiB of disk space are left for the embedded database. unused on Postgres.
             * @enum {string}
             */
            disk: "ok" | "low" | "unavailable" | "unused";
        };
        ValidateRequest: {
            /**
             * Format: password
             * @description The API key or session to check.
             */
            token: string;
        };
        Session: {
            valid: boolean;
            /** @description null if the key is not valid. */
            user: components["schemas"]["Account"] | null;
            /**
             * @description null if the key is not valid.
             * @enum {string|null}
             */
            role: "user" | "service" | "viewer" | "admin" | null;
            /** @enum {string} */
            session_source: "local";
            /** @description Always false. */
            degraded: boolean;
            /** @description Why the key is not valid; null if it is valid. */
            message: string | null;
        };
        Account: {
            email: string;
            /** @description null if none was given. */
            name: string | null;
            /** @description The plan's name. */
            plan: string;
            /** @enum {string} */
            status: "active" | "suspended";
        };
        SessionOptions: {
            /** @description Whether a link to sign in is sent by mail. */
            mail: boolean;
            /** @description Whether customers can sign in with an OpenID Connect provider. */
            openid: boolean;
            /** @description Whether people without an account can make one by signing in. */
            registration: boolean;
        };
        LinkRequest: {
            /** @description Where to send the link. */
            email: string;
            /** @description A secret of the browser that signs in, such as 32 random bytes in hexadecimal, which a cookie keeps. The sign-in can be completed with the same secret alone. */
            browser: string;
            /**
             * @description The language of the mail. If absent: en.
             * @enum {string|null}
             */
            language?: "en" | "vi" | null;
        };
        LinkSent: {
            /** @description Always true, whoever has the e-mail address. */
            sent: boolean;
        };
        OpenSessionRequest: {
            /** @description The token of the link that was sent by mail. */
            link: string;
            /** @description A secret of the browser that signs in, such as 32 random bytes in hexadecimal, which a cookie keeps. The sign-in can be completed with the same secret alone. */
            browser: string;
        };
        OpenedSession: {
            /** @description The session, sent as an API key is. It is shown only in this response and never stored. */
            session: string;
            /**
             * Format: date-time
             * @description When the session ends at the latest; it ends after 7 days without a request, too.
             */
            expires_at: string;
            user: components["schemas"]["Account"] | null;
            /** @description Whether this sign-in made the account. */
            created: boolean;
        };
        BeginOpenIDRequest: {
            /** @description A secret of the browser that signs in, such as 32 random bytes in hexadecimal, which a cookie keeps. The sign-in can be completed with the same secret alone. */
            browser: string;
        };
        OpenIDAddress: {
            /** @description The provider's page, to which the browser goes. */
            url: string;
        };
        FinishOpenIDRequest: {
            /** @description What the provider answered as code. */
            code: string;
            /** @description What the provider answered as state. */
            state: string;
            /** @description A secret of the browser that signs in, such as 32 random bytes in hexadecimal, which a cookie keeps. The sign-in can be completed with the same secret alone. */
            browser: string;
        };
        CustomerSession: {
            user: components["schemas"]["Account"] | null;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the session ends at the latest; it ends after 7 days without a request, too.
             */
            expires_at: string;
        };
        SignedOutOf: {
            signed_out: boolean;
        };
        Overview: {
            user: components["schemas"]["Account"] | null;
            usage: components["schemas"]["TodayUsage"];
            /** @description The calling key; null for a session. */
            key: components["schemas"]["KeyItem"] | null;
            /** @enum {string} */
            role: "user" | "service" | "viewer" | "admin";
            /** @enum {string} */
            session_source: "local";
            /** @description Always false. */
            degraded: boolean;
        };
        TodayUsage: {
            /**
             * Format: int64
             * @description All keys of the user together.
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
            /** @description The first characters of the key, for display. */
            prefix: string;
            label: string;
            /** @enum {string} */
            status: "active" | "disabled";
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Accurate to a minute. null if the key was never used.
             */
            last_used_at: string | null;
            /**
             * Format: date-time
             * @description null if the key does not expire.
             */
            expires_at: string | null;
            /** @description What the key can do: models (call models), usage (read usage), keys (manage keys), charge (charge itself), service (verify other users' keys, needs the role service), admin (manage everything, needs the role admin). */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
            /** @description Addresses and networks from which the key can be used. Empty: any address. */
            allowed_addresses: string[];
            /** @description Models that the key can use, within the plan's; null for all. */
            models: string[] | null;
            /**
             * Format: int64
             * @description Credits a day of this key, within the plan's; null for no limit of its own.
             */
            daily_credit_limit: number | null;
            /**
             * Format: int64
             * @description Requests a minute of this key, at most the plan's; null for the plan's.
             */
            rate_limit_per_minute: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of this key; null for no limit of its own.
             */
            concurrency_limit: number | null;
            /** @description What was kept beside the key. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description Your e-mail address, or operator. Empty if it was not recorded. */
            created_by: string;
            /**
             * Format: uuid
             * @description The key of yours that created this one; null if none did.
             */
            created_by_key_id: string | null;
        };
        CreateKeyRequest: {
            /** @description What the key is for. If absent: Default. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key expires. If absent: never.
             */
            expires_at?: string | null;
            /** @description What the key can do. If absent: models, usage and keys; for a user with the role service: service; with the role admin: admin, models, usage and keys. Only an operator can grant charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks (IPv4, IPv6) from which the key can be used. If absent: any address. */
            allowed_addresses?: string[] | null;
            /**
             * @description If absent: active. A disabled key is rejected like a revoked one until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
            /** @description Models that the key can use, by name or alias, at least one and within the plan's. If absent or null: all of the plan's. */
            models?: string[] | null;
            /**
             * Format: int64
             * @description Credits a day of this key, within the plan's. If absent: no limit of its own.
             */
            daily_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Requests a minute of this key. The smaller of this and the plan's limit counts. If absent: the plan's.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of this key. If absent: no limit of its own.
             */
            concurrency_limit?: number | null;
            /** @description A JSON object, at most 4096 bytes, nested at most 8 deep. */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        MintedKey: {
            /** Format: uuid */
            id: string;
            /** @description The full key. It is shown only in this response and never stored. */
            key: string;
            /** @description The first characters of the key, for display. */
            prefix: string;
            label: string;
        };
        CallUsage: {
            /** @description A model that has a price, by its name or an alias. It is recorded under its name. */
            model: string;
            /**
             * Format: int64
             * @description Tokens that the model read and that were neither read from a cache, nor written to one, nor audio. If absent: 0.
             */
            input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens read from a cache. If absent: 0.
             */
            cache_read_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for 5 minutes. If absent: 0.
             */
            cache_write_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for an hour. If absent: 0.
             */
            cache_write_1h_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model read. If absent: 0.
             */
            audio_input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens that the model wrote, reasoning included and audio not. If absent: 0.
             */
            output_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model wrote. If absent: 0.
             */
            audio_output_tokens?: number | null;
            /**
             * Format: int64
             * @description The part of output_tokens that is reasoning. If absent: 0.
             */
            reasoning_tokens?: number | null;
            /**
             * Format: int64
             * @description Requests to the model. If absent: 1.
             */
            requests?: number | null;
            /**
             * Format: int64
             * @description Web searches that the provider made. If absent: 0.
             */
            web_searches?: number | null;
            /** @description The provider's name for how the call was served. A tier without a price of its own has the most expensive price. If absent: the default tier. */
            service_tier?: string | null;
        };
        HoldRequest: {
            /**
             * Format: int64
             * @description Number of credits to set aside. 0 takes only a place of the requests at once. Required unless usage is given.
             */
            credits?: number | null;
            /** @description What the call can use at most, in place of credits: its price, rounded up to whole credits, is set aside. */
            usage?: components["schemas"]["CallUsage"] | null;
            /**
             * Format: int64
             * @description Seconds until the hold ends by itself. If absent: 600.
             */
            ttl_seconds?: number | null;
            /**
             * @description What happens when it ends by itself: the credits are released, or what the last extension recorded as delivered is charged. If absent: release.
             * @enum {string|null}
             */
            on_expiry?: "release" | "charge" | null;
        };
        VerifyRequest: {
            /**
             * Format: password
             * @description The customer's key.
             */
            key: string;
            /**
             * Format: int64
             * @description Number of credits to charge. With 0 and without hold the quota is returned but not enforced. Must be absent or 0 beside hold. If absent: 0.
             */
            credits?: number | null;
            /** @description Sets credits aside in place of charging them, for a call whose price is not known yet. Settle or release the hold when it is. An open hold is one of the requests at once. */
            hold?: components["schemas"]["HoldRequest"] | null;
            /** @description What the call used, in place of credits, prompt_tokens, completion_tokens and cost_usd: the price of its model gives the credits and the cost. Must be absent beside hold. */
            usage?: components["schemas"]["CallUsage"] | null;
            /** @description A repeat within 24 hours with the same value returns the first result and charges and holds nothing. Charges and holds have separate idempotency keys, and so do services of different users. Ignored with 0 credits and without hold. */
            idempotency_key?: string | null;
            /** @description The customer's IP address. A key with allowed addresses is IP_NOT_ALLOWED from any other address, and if this field is absent. */
            address?: string | null;
            /** @description The model that was used. If absent: unknown. */
            model?: string | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            prompt_tokens?: number | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            completion_tokens?: number | null;
            /**
             * Format: double
             * @description In dollars, rounded half-even to a micro-dollar. If absent: 0.
             */
            cost_usd?: number | null;
        };
        Verdict: {
            valid: boolean;
            /**
             * @description VALID, or the first reason to refuse. INSUFFICIENT_SCOPE: the key lacks the scope models. MODEL_NOT_ALLOWED: the plan or the key cannot use the model. CONCURRENCY_LIMITED: the key or its user has as many open holds as it can have.
             * @enum {string}
             */
            code: "VALID" | "NOT_FOUND" | "REVOKED" | "DISABLED" | "EXPIRED" | "SUSPENDED" | "INSUFFICIENT_SCOPE" | "IP_NOT_ALLOWED" | "RATE_LIMITED" | "MODEL_NOT_ALLOWED" | "CONCURRENCY_LIMITED" | "QUOTA_EXCEEDED";
            /** Format: uuid */
            key_id: string | null;
            user: components["schemas"]["VerifiedUser"] | null;
            key: components["schemas"]["VerifiedKey"] | null;
            /** @description The plan's feature flags. */
            features: {
                [key: string]: unknown;
            } | null;
            credits: components["schemas"]["CreditState"] | null;
            rate_limit: components["schemas"]["RateState"] | null;
            /**
             * Format: uuid
             * @description The hold that was made; null without one.
             */
            hold_id: string | null;
            /**
             * @description Whether the hold is open or how it ended: a repeat returns the first hold. null without a hold.
             * @enum {string|null}
             */
            hold_status: "open" | "settled" | "released" | "expired" | null;
            /**
             * Format: uuid
             * @description The price by which usage was charged, or of the model of a hold. null without one, for a refusal and for a duplicate, which has the price of the first.
             */
            price_id: string | null;
            /** @description Whether this is the result of an earlier charge or hold with the same idempotency key. */
            duplicate: boolean;
        };
        VerifiedUser: {
            /** Format: uuid */
            id: string;
            email: string;
            plan: string;
            /** @enum {string} */
            status: "active" | "suspended";
            /** @description Your own id of the user; null if none was given. */
            external_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
        };
        VerifiedKey: {
            label: string;
            /** @description What the key can do. */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
            metadata: {
                [key: string]: unknown;
            };
        };
        CreditState: {
            /**
             * Format: int64
             * @description Used on this day, by all keys of the user, grants included.
             */
            used: number;
            /**
             * Format: int64
             * @description Set aside by open holds.
             */
            held: number;
            /**
             * Format: int64
             * @description The plan's credits a day.
             */
            limit: number;
            /**
             * Format: int64
             * @description What open grants have left.
             */
            granted: number;
            /**
             * Format: int64
             * @description What a charge or hold of this key can take.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description The next 00:00 UTC.
             */
            resets_at: string;
            /** @description Null if the plan has no monthly limit. */
            month: components["schemas"]["MonthState"] | null;
        };
        MonthState: {
            /**
             * Format: int64
             * @description Used in this calendar month (UTC), grants not included.
             */
            used: number;
            /** Format: int64 */
            held: number;
            /** Format: int64 */
            limit: number;
            /** Format: int64 */
            remaining: number;
            /**
             * Format: date-time
             * @description 00:00 UTC on the first of the next month.
             */
            resets_at: string;
        };
        RateState: {
            /**
             * Format: int64
             * @description Requests allowed in any 60 seconds.
             */
            limit: number;
            /** Format: int64 */
            remaining: number;
            /**
             * Format: int64
             * @description Seconds until another request is allowed; 0 if one is allowed now.
             */
            reset_seconds: number;
        };
        BatchRequest: {
            /** @description Answered in their order, each on its own. They are decided at the same time: do not rely on one being decided before another. */
            verifications: components["schemas"]["VerifyRequest"][];
        };
        HoldItem: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            user_id: string;
            /** Format: uuid */
            key_id: string;
            /** Format: int64 */
            credits: number;
            /** @description What the last extension recorded. */
            delivered: components["schemas"]["DeliveredSoFar"];
            /** @enum {string} */
            on_expiry: "release" | "charge";
            model: string;
            /** @description The id of the request that made the hold. */
            request_id: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the hold ends by itself.
             */
            expires_at: string;
        };
        DeliveredSoFar: {
            /**
             * Format: int64
             * @description In credits, rounded up.
             */
            credits: number;
        };
        HoldUsage: {
            /** @description A model that had a price when the hold was made. If absent: that of the hold. */
            model?: string | null;
            /**
             * Format: int64
             * @description Tokens that the model read and that were neither read from a cache, nor written to one, nor audio. If absent: 0.
             */
            input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens read from a cache. If absent: 0.
             */
            cache_read_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for 5 minutes. If absent: 0.
             */
            cache_write_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for an hour. If absent: 0.
             */
            cache_write_1h_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model read. If absent: 0.
             */
            audio_input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens that the model wrote, reasoning included and audio not. If absent: 0.
             */
            output_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model wrote. If absent: 0.
             */
            audio_output_tokens?: number | null;
            /**
             * Format: int64
             * @description The part of output_tokens that is reasoning. If absent: 0.
             */
            reasoning_tokens?: number | null;
            /**
             * Format: int64
             * @description Requests to the model. If absent: 1.
             */
            requests?: number | null;
            /**
             * Format: int64
             * @description Web searches that the provider made. If absent: 0.
             */
            web_searches?: number | null;
            /** @description The provider's name for how the call was served. A tier without a price of its own has the most expensive price. If absent: the default tier. */
            service_tier?: string | null;
        };
        SettleRequest: {
            /**
             * Format: int64
             * @description What the call cost. What fits neither into the hold nor into the credits that are left is not charged, also not later. Required unless usage is given.
             */
            credits?: number | null;
            /** @description What the call used, in place of credits, prompt_tokens, completion_tokens and cost_usd: the price of its model when the hold was made gives the credits and the cost. */
            usage?: components["schemas"]["HoldUsage"] | null;
            /** @description The model that was used. If absent: that of the hold. */
            model?: string | null;
            /** @description How the call ended, in your words. It is added to the trace of this request, and changes nothing else. */
            outcome?: string | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            prompt_tokens?: number | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            completion_tokens?: number | null;
            /**
             * Format: double
             * @description In dollars, rounded half-even to a micro-dollar. If absent: 0.
             */
            cost_usd?: number | null;
        };
        Settlement: {
            /**
             * Format: int64
             * @description Credits that were charged.
             */
            charged: number;
            /**
             * Format: int64
             * @description Credits that did not fit, rounded up. They are not charged later.
             */
            uncollected: number;
            /** @description Whether this is the result of an earlier settlement of the hold. */
            duplicate: boolean;
            credits: components["schemas"]["CreditState"];
            /**
             * Format: uuid
             * @description The price by which usage was charged; null without usage.
             */
            price_id: string | null;
            /**
             * Format: date-time
             * @description The moment whose price counts: when the hold was made. null without usage.
             */
            priced_at: string | null;
        };
        Delivered: {
            /**
             * Format: int64
             * @description In credits. Required unless usage is given.
             */
            credits?: number | null;
            /** @description What the call has used so far, in place of credits. */
            usage?: components["schemas"]["HoldUsage"] | null;
        };
        ExtendRequest: {
            /**
             * Format: int64
             * @description The new total, not below the present one. If absent: as it was.
             */
            credits?: number | null;
            /** @description What the call can use at most, in place of credits: its price, rounded up to whole credits, is the new total. */
            usage?: components["schemas"]["HoldUsage"] | null;
            /**
             * Format: int64
             * @description Seconds from this request until the hold ends by itself. If absent: 600.
             */
            ttl_seconds?: number | null;
            /** @description What was delivered so far: it is charged if the hold ends by itself and was made with on_expiry charge. If absent: as it was. */
            delivered?: components["schemas"]["Delivered"] | null;
        };
        Extended: {
            /** Format: date-time */
            expires_at: string;
            credits: components["schemas"]["CreditState"];
        };
        Released: {
            released: boolean;
        };
        ChangeKeyRequest: {
            /** @description What the key is for. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key expires; null for never.
             */
            expires_at?: string | null;
            /** @description What the key can do. Replaces the previous scopes. Only an operator can grant charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks from which the key can be used. Replaces the previous list; [] for any address. */
            allowed_addresses?: string[] | null;
            /** @description Models that the key can use, by name or alias, at least one and within the plan's. Replaces the previous list; null for all of the plan's. */
            models?: string[] | null;
            /**
             * @description A disabled key is rejected like a revoked one until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
            /**
             * Format: int64
             * @description Credits a day of this key, within the plan's; null for no limit of its own.
             */
            daily_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Requests a minute of this key. The smaller of this and the plan's limit counts; null for the plan's.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of this key; null for no limit of its own.
             */
            concurrency_limit?: number | null;
            /** @description A JSON object, at most 4096 bytes, nested at most 8 deep. Replaces the previous one. */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        Updated: {
            updated: boolean;
        };
        Deleted: {
            deleted: boolean;
            /**
             * Format: int64
             * @description Only with with_created: how many other keys were revoked.
             */
            also_revoked?: number | null;
        };
        RotateKeyRequest: {
            /**
             * Format: int64
             * @description How long the old secret keeps working, in seconds; at most 7 days. If absent: 0.
             */
            grace_seconds?: number | null;
        };
        Offer: {
            /** @description What to ask for. */
            name: string;
            /** @description Other names of it. */
            aliases: string[];
            /** @description null if there is none. */
            display_name: string | null;
            /** @description null if there is none. */
            description: string | null;
            /**
             * Format: int64
             * @description How many tokens a call can read and write together; null if it is not known.
             */
            context_window: number | null;
            /** @description In credits; null while the model has no price. */
            price: components["schemas"]["OfferPrice"] | null;
            /**
             * Format: double
             * @description What a typical call costs, in credits, rounded down to six decimals. It reads 20,000 tokens, 16,000 of them from the cache, and writes 1,000. null while the model has no price.
             */
            typical_call_credits: number | null;
            /** @description The APIs under /v1 on which the model can be called. chat: /v1/chat/completions and the others of OpenAI's older form. responses: /v1/responses, as Codex calls it. messages: /v1/messages, as Claude Code calls it. Empty if it can be called on none, as while it has no price. */
            wires: ("chat" | "responses" | "messages")[];
        };
        OfferPrice: {
            /**
             * Format: date-time
             * @description When the price began.
             */
            valid_from: string;
            /**
             * @description cost: by the tokens that a call used; request: a number of credits for each request, whatever it used.
             * @enum {string}
             */
            mode: "cost" | "request";
            /**
             * Format: double
             * @description Credits for each request. In the mode cost they come on top of the tokens.
             */
            credits_per_request: number;
            /** Format: double */
            credits_per_web_search: number;
            /** @description Credits for a million tokens, rounded down to six decimals; the price of a call is not made of these rounded figures. null in the mode request. */
            credits_per_million: components["schemas"]["OfferRates"] | null;
            bands: components["schemas"]["OfferBand"][];
            /** @description Prices of service tiers that have their own, by name. */
            tiers: {
                [key: string]: components["schemas"]["OfferTier"];
            };
        };
        OfferRates: {
            /** Format: double */
            input: number;
            /** Format: double */
            cache_read: number;
            /**
             * Format: double
             * @description Written to a cache for 5 minutes.
             */
            cache_write: number;
            /**
             * Format: double
             * @description Written to a cache for an hour.
             */
            cache_write_1h: number;
            /** Format: double */
            audio_input: number;
            /** Format: double */
            output: number;
            /** Format: double */
            audio_output: number;
        };
        OfferBand: {
            /**
             * Format: int64
             * @description The price of calls that read more tokens than this, cached ones included.
             */
            above_input_tokens: number;
            credits_per_million: components["schemas"]["OfferRates"];
        };
        OfferTier: {
            credits_per_million: components["schemas"]["OfferRates"];
            bands: components["schemas"]["OfferBand"][];
        };
        DayUsage: {
            /** Format: date */
            date: string;
            /** Format: int64 */
            credits_used: number;
            /** Format: int64 */
            request_count: number;
            /**
             * Format: double
             * @description In dollars; 0 if the operator hides costs.
             */
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
            /**
             * Format: double
             * @description In dollars; 0 if the operator hides costs.
             */
            cost_usd: number;
            /** Format: int64 */
            credits: number;
            /** @description The tokens by what they are priced as; null for a charge without a price. */
            tokens: components["schemas"]["UsedTokens"] | null;
            /**
             * Format: uuid
             * @description The X-Request-Id of the call under /v1; null for other charges.
             */
            request_id: string | null;
            /**
             * @description How the call ended; stopped: by us, because no credits were left. null for charges of other calls.
             * @enum {string|null}
             */
            outcome: "complete" | "stopped" | "client_gone" | "upstream_error" | "interrupted" | null;
            /**
             * @description Where the tokens of the call come from: the provider, partly, or an estimate of what was delivered. null for charges of other calls.
             * @enum {string|null}
             */
            source: "reported" | "counted" | "estimated" | null;
            /**
             * Format: int64
             * @description From the arrival of the request to the first generated token; null if it is not known, as for calls without a stream.
             */
            first_token_ms: number | null;
            /**
             * Format: double
             * @description Tokens that the model wrote, by the time from its first one to the end of the answer; null if it is not known.
             */
            tokens_per_second: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date */
            date: string;
        };
        UsedTokens: {
            /**
             * Format: int64
             * @description Tokens that the model read and that were neither cached nor audio.
             */
            input_tokens: number;
            /** Format: int64 */
            cache_read_tokens: number;
            /** Format: int64 */
            cache_write_tokens: number;
            /** Format: int64 */
            cache_write_1h_tokens: number;
            /** Format: int64 */
            audio_input_tokens: number;
            /**
             * Format: int64
             * @description Tokens that the model wrote, reasoning included and audio not.
             */
            output_tokens: number;
            /** Format: int64 */
            audio_output_tokens: number;
            /**
             * Format: int64
             * @description The part of output_tokens that is reasoning.
             */
            reasoning_tokens: number;
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            web_searches: number;
            /** @description null for the default tier. */
            service_tier: string | null;
        };
        ExplainedCharge: {
            /** Format: uuid */
            id: string;
            model: string;
            /** Format: int64 */
            prompt_tokens: number;
            /** Format: int64 */
            completion_tokens: number;
            /**
             * Format: double
             * @description In dollars; 0 if the operator hides costs.
             */
            cost_usd: number;
            /** Format: int64 */
            credits: number;
            /** @description The tokens by what they are priced as; null for a charge without a price. */
            tokens: components["schemas"]["UsedTokens"] | null;
            /**
             * Format: uuid
             * @description The X-Request-Id of the call under /v1; null for other charges.
             */
            request_id: string | null;
            /**
             * @description How the call ended; stopped: by us, because no credits were left. null for charges of other calls.
             * @enum {string|null}
             */
            outcome: "complete" | "stopped" | "client_gone" | "upstream_error" | "interrupted" | null;
            /**
             * @description Where the tokens of the call come from: the provider, partly, or an estimate of what was delivered. null for charges of other calls.
             * @enum {string|null}
             */
            source: "reported" | "counted" | "estimated" | null;
            /**
             * Format: int64
             * @description From the arrival of the request to the first generated token; null if it is not known, as for calls without a stream.
             */
            first_token_ms: number | null;
            /**
             * Format: double
             * @description Tokens that the model wrote, by the time from its first one to the end of the answer; null if it is not known.
             */
            tokens_per_second: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date */
            date: string;
            /**
             * Format: double
             * @description What was charged, before the day's sum was rounded up to whole credits.
             */
            exact_credits: number;
            /**
             * Format: uuid
             * @description The charge that this one corrects, by what a call really used; null for others.
             */
            adjusts_id: string | null;
            /** @description The price that made the credits; null if none did. */
            price: components["schemas"]["ChargedPrice"] | null;
            lines: components["schemas"]["ChargeLine"][];
        };
        ChargedPrice: {
            /**
             * Format: date-time
             * @description When the price began.
             */
            valid_from: string;
            /**
             * @description cost: by the tokens that the call used; request: a number of credits for each request, whatever it used.
             * @enum {string}
             */
            mode: "cost" | "request";
            /** @description The service tier whose prices count; null for those of no tier. */
            tier: string | null;
            /** @description Whether the tier of the call has no prices of its own, so that the highest of the price count. */
            tier_is_dearest: boolean;
            /**
             * Format: int64
             * @description The call read more tokens than this, so the prices of such calls count for all of it; null if none does.
             */
            above_input_tokens: number | null;
        };
        ChargeLine: {
            /**
             * @description What the line is for. amount: what was charged without a price. call_rounding: the lines are rounded down one by one, their sum is rounded down once; this is the difference. adjusted: by how much the charge differs from what its price makes of the tokens, of a correction for instance. uncollected: what did not fit into the credits that were left; it is not charged later. day_rounding: a day's sum is rounded up to whole credits once, so a charge that begins a credit pays all of it, and the next ones are free until it is used up.
             * @enum {string}
             */
            item: "input" | "cache_read" | "cache_write" | "cache_write_1h" | "audio_input" | "output" | "audio_output" | "request" | "web_search" | "amount" | "call_rounding" | "adjusted" | "uncollected" | "day_rounding";
            /**
             * Format: int64
             * @description null for a line that is not of tokens.
             */
            tokens: number | null;
            /**
             * Format: int64
             * @description How many requests or web searches; null for other lines.
             */
            count: number | null;
            /**
             * Format: double
             * @description The price of a million tokens, rounded down to six decimals; null for a line that is not of tokens.
             */
            credits_per_million: number | null;
            /**
             * Format: double
             * @description The price of a request or web search, rounded down to six decimals; null for other lines.
             */
            credits_each: number | null;
            /**
             * Format: double
             * @description Rounded down to six decimals for tokens, requests and web searches.
             */
            credits: number;
        };
        UserCredits: {
            /**
             * Format: int64
             * @description Used on this day, by all keys of the user, grants included.
             */
            used: number;
            /**
             * Format: int64
             * @description Set aside by open holds.
             */
            held: number;
            /**
             * Format: int64
             * @description The plan's credits a day.
             */
            limit: number;
            /**
             * Format: int64
             * @description What open grants have left.
             */
            granted: number;
            /**
             * Format: int64
             * @description What a charge or hold of this key can take.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description The next 00:00 UTC.
             */
            resets_at: string;
            /** @description Null if the plan has no monthly limit. */
            month: components["schemas"]["MonthState"] | null;
            grants: components["schemas"]["OpenGrant"][];
        };
        OpenGrant: {
            /** Format: uuid */
            id: string;
            /**
             * Format: int64
             * @description What was given.
             */
            credits: number;
            /**
             * Format: int64
             * @description What a charge can take: what is neither used nor set aside by open holds.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When what is left ends; null for never.
             */
            expires_at: string | null;
        };
        FailedCall: {
            /**
             * Format: uuid
             * @description The X-Request-Id that the call was answered with.
             */
            request_id: string;
            /**
             * Format: date-time
             * @description When the request arrived.
             */
            at: string;
            /** @description What was asked for; empty if the body named no model. */
            model: string;
            endpoint: string;
            /**
             * Format: int64
             * @description Of the answer. A stream that failed after its beginning has 200.
             */
            status: number;
            /**
             * @description refused: nothing was sent to a provider. upstream_error: the provider refused or failed. stopped: by us, because no credits were left or an operator ended the call. interrupted: the service stopped.
             * @enum {string}
             */
            outcome: "refused" | "upstream_error" | "stopped" | "interrupted";
            /** @description One of insufficient_quota, concurrency_limit_exceeded, rate_limit_exceeded, model_not_found, invalid_body, unsupported_parameter, no_upstream, service_unavailable, upstream_error, provider_refused, repeated_failure, ended_by_operator, interrupted, internal_error. */
            code: string;
            /** @description What happened and what to do next. */
            message: string;
        };
        ModelSpeed: {
            model: string;
            /**
             * Format: int64
             * @description How many calls the medians are of: those with a stream among your newest 1000 calls of these days.
             */
            requests: number;
            /**
             * Format: int64
             * @description The median time from the arrival of a request to the first generated token.
             */
            first_token_ms: number;
            /**
             * Format: double
             * @description The median of the tokens a second that the model wrote after its first one; null if no call says it.
             */
            tokens_per_second: number | null;
        };
        AlertSettings: {
            /** @description Whether this service sends such mails at all. */
            mail: boolean;
            /** @description Where they go. */
            email: string;
            /**
             * Format: int64
             * @description The smallest of the thresholds that a mail is sent for, in percent of the credits of a day or a month; 1 for all of them, null for none.
             */
            usage_from_percent: number | null;
            /** @description A mail at the first refusal of a day because no credits are left. */
            used_up: boolean;
            /** @description A mail 7 days before a key expires. */
            key_expiring: boolean;
            /** @description The percentages that there can be mails for, ascending. The operator sets them. */
            thresholds: number[];
        };
        ChangeAlertsRequest: {
            /**
             * Format: int64
             * @description The smallest threshold that a mail is sent for, in percent; 1 for all, null for none.
             */
            usage_from_percent?: number | null;
            /** @description Whether a mail is sent at the first refusal of a day because no credits are left. */
            used_up?: boolean | null;
            /** @description Whether a mail is sent 7 days before a key expires. */
            key_expiring?: boolean | null;
        };
        ModelUsage: {
            /** @description At most 1000 models, the most expensive first; if the operator hides costs, those with the most requests first. */
            model: string;
            /**
             * Format: double
             * @description In dollars; 0 if the operator hides costs.
             */
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
             * @description If absent: 1.
             */
            credits?: number | null;
            /** @description The model that was used. If absent: unknown. */
            model?: string | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            prompt_tokens?: number | null;
            /**
             * Format: int64
             * @description If absent: 0.
             */
            completion_tokens?: number | null;
            /**
             * Format: double
             * @description In dollars, rounded half-even to a micro-dollar. If absent: 0.
             */
            cost_usd?: number | null;
        };
        Receipt: {
            recorded: boolean;
            /** @description Whether this is the result of an earlier charge with the same idempotency key. */
            duplicate: boolean;
            /**
             * Format: int64
             * @description Of the day, for all keys of the user together.
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
            /** @description Always empty. */
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
            /** @description null if none was given. */
            name: string | null;
            /** @enum {string} */
            status: "active" | "suspended";
            plan: string;
            /** @enum {string} */
            role: "user" | "service" | "viewer" | "admin";
            /** @description Your own id of the user; null if none was given. */
            external_id: string | null;
            metadata: {
                [key: string]: unknown;
            };
            /** @description Only operators see it. */
            note: string;
            /**
             * Format: date-time
             * @description When what was known of the person was removed; null for everybody else.
             */
            erased_at: string | null;
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
            /** @description Unique, case-insensitive. */
            email: string;
            name?: string | null;
            /** @description A plan's name, case-insensitive. */
            plan: string;
            /**
             * @description If absent: user.
             * @enum {string|null}
             */
            role?: "user" | "service" | "viewer" | "admin" | null;
            /** @description Your own id of the user, unique. */
            external_id?: string | null;
            /** @description A JSON object, at most 4096 bytes, nested at most 8 deep. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /** @description Only operators see it. */
            note?: string | null;
        };
        PersonExport: {
            user: components["schemas"]["AdminUser"];
            sessions: components["schemas"]["ExportedSession"][];
            dashboard_sessions: components["schemas"]["ExportedSession"][];
            identities: components["schemas"]["ExportedIdentity"][];
            /** @description Which mails about the account the user gets. */
            alerts: components["schemas"]["ExportedAlerts"];
            keys: components["schemas"]["AdminKey"][];
            grants: components["schemas"]["Grant"][];
            corrections: components["schemas"]["Correction"][];
            holds: components["schemas"]["AdminHold"][];
            days: components["schemas"]["DayUsage"][];
            charges: components["schemas"]["ChargeItem"][];
            requests: components["schemas"]["AdminRequestItem"][];
            events: components["schemas"]["ExportedEvent"][];
            audit: components["schemas"]["AuditLine"][];
        };
        ExportedSession: {
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
            address: string;
            user_agent: string;
        };
        ExportedIdentity: {
            issuer: string;
            subject: string;
        };
        ExportedAlerts: {
            /**
             * Format: int64
             * @description The smallest threshold that a mail is sent for, in percent; null for none.
             */
            usage_from_percent: number | null;
            used_up: boolean;
            key_expiring: boolean;
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
             * @description null if the key does not expire.
             */
            expires_at: string | null;
            /** @description What the key can do: models (call models), usage (read usage), keys (manage keys), charge (charge itself), service (verify other users' keys, needs the role service), admin (manage everything, needs the role admin). */
            scopes: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[];
            /** @description Addresses and networks from which the key can be used. Empty: any address. */
            allowed_addresses: string[];
            /** @description Models that the key can use, within the plan's; null for all. */
            models: string[] | null;
            /**
             * Format: int64
             * @description Credits a day of this key, within the plan's; null for no limit of its own.
             */
            daily_credit_limit: number | null;
            /**
             * Format: int64
             * @description Requests a minute of this key, at most the plan's; null for the plan's.
             */
            rate_limit_per_minute: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of this key; null for no limit of its own.
             */
            concurrency_limit: number | null;
            /** @description What was kept beside the key. */
            metadata: {
                [key: string]: unknown;
            };
            /** @description An e-mail address, or cli or system. Empty if it was not recorded. */
            created_by: string;
            /**
             * Format: uuid
             * @description The key that created this one; null if none did.
             */
            created_by_key_id: string | null;
        };
        Grant: {
            /** Format: uuid */
            id: string;
            /** Format: int64 */
            credits: number;
            /**
             * Format: int64
             * @description What charges have taken.
             */
            used: number;
            /**
             * Format: int64
             * @description What open holds set aside.
             */
            held: number;
            /**
             * Format: int64
             * @description What a charge can take; 0 once the grant has ended or was revoked.
             */
            left: number;
            /** @description Empty if none was given. */
            note: string;
            /** @description An e-mail address, or cli. */
            created_by: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description null if the grant has no end.
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description null if it was not revoked.
             */
            revoked_at: string | null;
        };
        Correction: {
            /** Format: uuid */
            id: string;
            /**
             * Format: int64
             * @description Credits that were taken; negative if they were given back.
             */
            credits: number;
            /** Format: date */
            day: string;
            reason: string;
            /** @description An e-mail address, or cli. */
            created_by: string;
            /** Format: date-time */
            created_at: string;
        };
        AdminHold: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            user_id: string;
            /** Format: uuid */
            key_id: string;
            /** Format: int64 */
            credits: number;
            /** @description What the last extension recorded. */
            delivered: components["schemas"]["DeliveredSoFar"];
            /** @enum {string} */
            on_expiry: "release" | "charge";
            model: string;
            /** @description The id of the request that made the hold. */
            request_id: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When the hold ends by itself.
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description The user whose service made the hold.
             */
            owner_id: string;
        };
        AdminRequestItem: {
            /**
             * Format: uuid
             * @description The request id that the client got; the call's hold has the same.
             */
            id: string;
            /**
             * Format: date-time
             * @description When the request arrived.
             */
            at: string;
            /** Format: uuid */
            user_id: string;
            email: string;
            /** Format: uuid */
            key_id: string;
            key_prefix: string;
            /** @description The caller's own id; null if it sent none. */
            client_request_id: string | null;
            /** @description The model's name, or what was asked for if there is no such model. */
            model: string;
            endpoint: string;
            streamed: boolean;
            /**
             * Format: int64
             * @description Of the answer.
             */
            status: number;
            /**
             * @description stopped: by us, because no credits were left. interrupted: the process died, and the hold's deadline ended the call. refused: nothing was sent to an upstream.
             * @enum {string}
             */
            outcome: "complete" | "stopped" | "client_gone" | "upstream_error" | "interrupted" | "refused";
            /** @description Why it was refused or failed; null for others. */
            code: string | null;
            /**
             * Format: uuid
             * @description Of the last attempt; null if there was none.
             */
            upstream_id: string | null;
            /** @description Its name when it was called. */
            upstream: string | null;
            /** @description The name of the key that it was called with. */
            upstream_key: string | null;
            /** @description Whether it went where its session had been served before. */
            sticky: boolean;
            attempts: components["schemas"]["AttemptItem"][];
            /**
             * @description Where the tokens come from: the upstream, partly, or an estimate of what was delivered; null without tokens.
             * @enum {string|null}
             */
            source: "reported" | "counted" | "estimated" | null;
            /** @description null if none are known. */
            tokens: components["schemas"]["UsedTokens"] | null;
            /** Format: uuid */
            price_id: string | null;
            /**
             * Format: int64
             * @description The first hold, in credits.
             */
            held: number;
            /**
             * Format: int64
             * @description Charged, in whole credits.
             */
            credits: number;
            /**
             * Format: double
             * @description Credits that did not fit into what the customer had left.
             */
            uncollected: number;
            /**
             * Format: double
             * @description What the call costs the operator, failed attempts included as far as they reported usage.
             */
            cost_usd: number;
            /**
             * Format: int64
             * @description From the arrival of the request to the first byte of an upstream; null if there was none.
             */
            first_byte_ms: number | null;
            /**
             * Format: int64
             * @description To the first generated token; null if there was none.
             */
            first_token_ms: number | null;
            /**
             * Format: int64
             * @description To the end of the answer.
             */
            took_ms: number;
        };
        AttemptItem: {
            upstream: string;
            key: string;
            /**
             * Format: int64
             * @description Of its answer; null if there was none.
             */
            status: number | null;
            /** @description Why it failed; null if it served. */
            error: string | null;
            /**
             * Format: int64
             * @description From the arrival of the request.
             */
            start_ms: number;
            /** Format: int64 */
            took_ms: number;
            /**
             * Format: double
             * @description What a failed attempt reported to have cost.
             */
            cost_usd: number;
        };
        ExportedEvent: {
            /**
             * Format: uuid
             * @description Receivers get it as webhook-id.
             */
            id: string;
            type: string;
            /** Format: date-time */
            created_at: string;
            /** @description What is sent to receivers, byte for byte. */
            payload: string;
        };
        AuditLine: {
            /** Format: date-time */
            timestamp: string;
            actor: string;
            /** @description The prefix of the API key that made the request; empty if it was made without one. */
            key: string;
            /** @description noun.verb, the verb in the past tense. */
            action: string;
            /** @description An e-mail address, a key's prefix or a plan's name. */
            target: string;
            details: string;
        };
        EraseRequest: {
            /** @description The user's e-mail address, because this cannot be undone. */
            confirm: string;
        };
        Erased: {
            /** @description What is left of the user. */
            user: components["schemas"]["AdminUser"];
            /**
             * Format: int64
             * @description Keys that worked until then.
             */
            keys_revoked: number;
            /**
             * Format: int64
             * @description Entries of the audit log that named the person.
             */
            entries_rewritten: number;
            /** @description Whether the log of the embedded database holds nothing of it either. If false, its next checkpoints overwrite it; on Postgres always true: VACUUM frees the space of the old rows later. */
            log_emptied: boolean;
        };
        ChangeUserRequest: {
            /** @description null or an empty string removes it. */
            name?: string | null;
            /** @description A plan's name, case-insensitive. */
            plan?: string | null;
            /**
             * @description Users are suspended, never deleted.
             * @enum {string|null}
             */
            status?: "active" | "suspended" | null;
            /** @enum {string|null} */
            role?: "user" | "service" | "viewer" | "admin" | null;
            /** @description Unique, case-insensitive. */
            email?: string | null;
            /** @description Your own id of the user, unique. null or an empty string removes it. */
            external_id?: string | null;
            /** @description A JSON object, at most 4096 bytes, nested at most 8 deep. Replaces the previous one. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /** @description Only operators see it. null or an empty string removes it. */
            note?: string | null;
        };
        CreateGrantRequest: {
            /** Format: int64 */
            credits: number;
            /**
             * Format: date-time
             * @description When unused credits end. If absent: never.
             */
            expires_at?: string | null;
            /** @description Only operators see it. */
            note?: string | null;
            /** @description A repeat with the same value returns the first grant and gives nothing. */
            idempotency_key?: string | null;
        };
        CreatedGrant: {
            /** Format: uuid */
            id: string;
            /** Format: int64 */
            credits: number;
            /**
             * Format: int64
             * @description What charges have taken.
             */
            used: number;
            /**
             * Format: int64
             * @description What open holds set aside.
             */
            held: number;
            /**
             * Format: int64
             * @description What a charge can take; 0 once the grant has ended or was revoked.
             */
            left: number;
            /** @description Empty if none was given. */
            note: string;
            /** @description An e-mail address, or cli. */
            created_by: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description null if the grant has no end.
             */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description null if it was not revoked.
             */
            revoked_at: string | null;
            /** @description Whether this is an earlier grant with the same idempotency key. */
            duplicate: boolean;
        };
        RevokedGrant: {
            revoked: boolean;
            /**
             * Format: int64
             * @description What was left of the grant. What open holds have set aside of it stays theirs.
             */
            credits: number;
        };
        CorrectRequest: {
            /**
             * Format: int64
             * @description Credits to take, or to give back if negative; not 0. It can pass every limit, and gives back at most what the day counts against the plan.
             */
            credits: number;
            reason: string;
            /**
             * Format: date
             * @description The day in UTC, not in the future. If absent: today.
             */
            day?: string | null;
            /** @description A repeat with the same value returns the first correction and changes nothing. */
            idempotency_key?: string | null;
        };
        MadeCorrection: {
            /** Format: uuid */
            id: string;
            /**
             * Format: int64
             * @description Credits that were taken; negative if they were given back.
             */
            credits: number;
            /** Format: date */
            day: string;
            reason: string;
            /** @description An e-mail address, or cli. */
            created_by: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: int64
             * @description What the day has used after it.
             */
            credits_used: number;
            /** @description Whether this is an earlier correction with the same idempotency key. */
            duplicate: boolean;
        };
        AdminCreateKeyRequest: {
            /**
             * Format: uuid
             * @description The user that gets the key.
             */
            user_id: string;
            /** @description What the key is for. If absent: Default. */
            label?: string | null;
            /**
             * Format: date-time
             * @description When the key expires. If absent: never.
             */
            expires_at?: string | null;
            /** @description What the key can do. If absent: models, usage and keys; for a user with the role service: service; with the role admin: admin, models, usage and keys. Only an operator can grant charge. */
            scopes?: ("models" | "usage" | "keys" | "charge" | "service" | "admin")[] | null;
            /** @description Addresses and networks (IPv4, IPv6) from which the key can be used. If absent: any address. */
            allowed_addresses?: string[] | null;
            /**
             * @description If absent: active. A disabled key is rejected like a revoked one until it is enabled.
             * @enum {string|null}
             */
            status?: "active" | "disabled" | null;
            /** @description Models that the key can use, by name or alias, at least one and within the plan's. If absent or null: all of the plan's. */
            models?: string[] | null;
            /**
             * Format: int64
             * @description Credits a day of this key, within the plan's. If absent: no limit of its own.
             */
            daily_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Requests a minute of this key. The smaller of this and the plan's limit counts. If absent: the plan's.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of this key. If absent: no limit of its own.
             */
            concurrency_limit?: number | null;
            /** @description A JSON object, at most 4096 bytes, nested at most 8 deep. */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        AdminPlan: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: int64 */
            daily_credit_limit: number;
            /**
             * Format: int64
             * @description Credits per calendar month in UTC; null for no limit.
             */
            monthly_credit_limit: number | null;
            /**
             * Format: int64
             * @description Price per month, in cents.
             */
            price_cents: number;
            /**
             * Format: int64
             * @description For each key.
             */
            rate_limit_per_minute: number;
            /**
             * Format: int64
             * @description For all keys of a user together; null for no limit.
             */
            user_rate_limit_per_minute: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of all keys of a user together; null for no limit.
             */
            user_concurrency_limit: number | null;
            /**
             * Format: int64
             * @description Maximum number of keys per user, except revoked ones.
             */
            max_keys: number;
            /** @description Models that users on the plan can use; null for all. */
            models: string[] | null;
            /**
             * Format: int64
             * @description Place in lists, the lowest first.
             */
            position: number;
            /** @description Whether new users get this plan unless another is chosen. At most one plan is the default. */
            is_default: boolean;
            /** @description Feature flags. */
            features: {
                [key: string]: unknown;
            };
            /** @description Whether the plan is closed for new users. Users who have it keep it. */
            archived: boolean;
        };
        CreatePlanRequest: {
            /** @description Unique, case-insensitive. */
            name: string;
            /** Format: int64 */
            daily_credit_limit: number;
            /**
             * Format: int64
             * @description Credits per calendar month in UTC, beside the daily limit; null for no limit.
             */
            monthly_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Price per month, in cents.
             */
            price_cents?: number | null;
            /**
             * Format: int64
             * @description For each key. If absent in a new plan: 100.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description For all keys of a user together; null for no limit.
             */
            user_rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of all keys of a user together; null for no limit.
             */
            user_concurrency_limit?: number | null;
            /**
             * Format: int64
             * @description Maximum number of keys per user, except revoked ones. If absent in a new plan: 20.
             */
            max_keys?: number | null;
            /** @description Models that users on the plan can use, by name or alias, at least one; null for all. If absent in a new plan: all. */
            models?: string[] | null;
            /** @description Feature flags. If absent in a new plan: {}. */
            features?: {
                [key: string]: unknown;
            } | null;
            /** @description An archived plan is closed for new users. Users who have it keep it. */
            archived?: boolean | null;
            /**
             * Format: int64
             * @description Place in lists, the lowest first. If absent in a new plan: after the others.
             */
            position?: number | null;
            /** @description Whether new users get this plan unless another is chosen. It replaces the plan that was the default. */
            is_default?: boolean | null;
        };
        ChangePlanRequest: {
            /** @description Unique, case-insensitive. */
            name?: string | null;
            /** Format: int64 */
            daily_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Credits per calendar month in UTC, beside the daily limit; null for no limit.
             */
            monthly_credit_limit?: number | null;
            /**
             * Format: int64
             * @description Price per month, in cents.
             */
            price_cents?: number | null;
            /**
             * Format: int64
             * @description For each key. If absent in a new plan: 100.
             */
            rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description For all keys of a user together; null for no limit.
             */
            user_rate_limit_per_minute?: number | null;
            /**
             * Format: int64
             * @description Requests at once (open holds) of all keys of a user together; null for no limit.
             */
            user_concurrency_limit?: number | null;
            /**
             * Format: int64
             * @description Maximum number of keys per user, except revoked ones. If absent in a new plan: 20.
             */
            max_keys?: number | null;
            /** @description Models that users on the plan can use, by name or alias, at least one; null for all. If absent in a new plan: all. */
            models?: string[] | null;
            /** @description Feature flags. If absent in a new plan: {}. */
            features?: {
                [key: string]: unknown;
            } | null;
            /** @description An archived plan is closed for new users. Users who have it keep it. */
            archived?: boolean | null;
            /**
             * Format: int64
             * @description Place in lists, the lowest first. If absent in a new plan: after the others.
             */
            position?: number | null;
            /** @description Whether new users get this plan unless another is chosen. It replaces the plan that was the default. */
            is_default?: boolean | null;
        };
        AdminModel: {
            /** Format: uuid */
            id: string;
            /** @description What clients ask for. */
            name: string;
            /** @description Other names of it. */
            aliases: string[];
            /** @description null if none was given. */
            display_name: string | null;
            /** @description null if none was given. */
            description: string | null;
            /**
             * Format: int64
             * @description How many tokens a call may read and write together; null if it is not known.
             */
            context_window: number | null;
            /**
             * Format: int64
             * @description How many tokens of output are set aside for a call.
             */
            output_allowance: number;
            /**
             * @description What happens to a stream that has no credits left: it may go on for as much again as its first hold, or it stops.
             * @enum {string}
             */
            overrun: "finish" | "stop";
            /** @description Tools run by the provider that calls may use. */
            hosted_tools: string[];
            candidates: components["schemas"]["Candidate"][];
            /** @description The names of the plans that see and use the model; null for all. */
            plans: string[] | null;
            /** Format: date-time */
            created_at: string;
            /** @description The price in force; null if there is none. */
            price: components["schemas"]["AdminPrice"] | null;
        };
        Candidate: {
            upstream: string;
            /** @description The upstream's own name for the model; null if it is the same. */
            model: string | null;
            /** Format: int64 */
            weight: number;
            /** Format: int64 */
            priority: number;
        };
        AdminPrice: {
            /** Format: uuid */
            id: string;
            model: string;
            /** Format: date-time */
            valid_from: string;
            usd_per_million: components["schemas"]["PriceRates"];
            /** Format: double */
            usd_per_request: number;
            /** Format: double */
            usd_per_web_search: number;
            bands: components["schemas"]["PriceBand"][];
            /** @description Rates of service tiers that have their own. */
            tiers: {
                [key: string]: components["schemas"]["PriceTier"];
            };
            charge: components["schemas"]["PriceCharge"];
            /** @description manual, or the list that it was imported from. */
            source: string;
            /** Format: date-time */
            created_at: string;
            /** @description An e-mail address, or cli. */
            created_by: string;
            /** @description Whether calls of the model have this price. */
            in_force: boolean;
            /**
             * Format: date-time
             * @description When the next price of the model begins; null if none follows.
             */
            ends_at: string | null;
        };
        PriceRates: {
            /**
             * Format: double
             * @description Dollars per million tokens.
             */
            input: number;
            /** Format: double */
            output: number;
            /**
             * Format: double
             * @description null: that of input, as for the others but audio_output.
             */
            cache_read: number | null;
            /** Format: double */
            cache_write: number | null;
            /** Format: double */
            cache_write_1h: number | null;
            /** Format: double */
            audio_input: number | null;
            /**
             * Format: double
             * @description null: that of output.
             */
            audio_output: number | null;
        };
        PriceBand: {
            /**
             * Format: int64
             * @description Calls that read more tokens, cached and audio ones included, have these rates as a whole.
             */
            above_input_tokens: number;
            usd_per_million: components["schemas"]["PriceRates"];
        };
        PriceTier: {
            /**
             * Format: double
             * @description Dollars per million tokens.
             */
            input: number;
            /** Format: double */
            output: number;
            /**
             * Format: double
             * @description null: that of input, as for the others but audio_output.
             */
            cache_read: number | null;
            /** Format: double */
            cache_write: number | null;
            /** Format: double */
            cache_write_1h: number | null;
            /** Format: double */
            audio_input: number | null;
            /**
             * Format: double
             * @description null: that of output.
             */
            audio_output: number | null;
            bands: components["schemas"]["PriceBand"][];
        };
        PriceCharge: {
            /**
             * @description cost: a percentage of the cost. request: so many credits a request.
             * @enum {string}
             */
            mode: "cost" | "request";
            /**
             * Format: double
             * @description Credits a request; null if customers pay by cost.
             */
            credits: number | null;
            /**
             * Format: double
             * @description Percentage of the cost; null if customers pay by request.
             */
            percent: number | null;
            /**
             * Format: double
             * @description What a credit is worth.
             */
            credit_value_usd: number;
        };
        CandidateInput: {
            /** @description The name of an upstream, case-insensitive. */
            upstream: string;
            /** @description The upstream's own name for the model. If absent: the same. */
            model?: string | null;
            /**
             * Format: int64
             * @description Its share of calls among candidates of equal priority; 0: only if no other can be called. If absent: 1.
             */
            weight?: number | null;
            /**
             * Format: int64
             * @description The lowest is tried first. If absent: 1.
             */
            priority?: number | null;
        };
        CreateModelRequest: {
            /** @description What clients ask for, without blanks. */
            name: string;
            /** @description Other names of it. Names and aliases of all models are unique together. */
            aliases?: string[] | null;
            /** @description null or an empty string removes it. */
            display_name?: string | null;
            /** @description null or an empty string removes it. */
            description?: string | null;
            /**
             * Format: int64
             * @description How many tokens a call may read and write together; null if it is not known.
             */
            context_window?: number | null;
            /**
             * Format: int64
             * @description How many tokens of output are set aside for a call. If absent in a new model: 4096.
             */
            output_allowance?: number | null;
            /**
             * @description What happens to a stream that has no credits left. finish: it may go on for as much again as its first hold, which is not collected, and stops then; stop: it stops at once. If absent in a new model: finish.
             * @enum {string|null}
             */
            overrun?: "finish" | "stop" | null;
            /** @description Tools run by the provider that calls may use, such as code_interpreter: they cost or keep something beside tokens. If absent in a new model: none. */
            hosted_tools?: string[] | null;
            /** @description The upstreams that serve the model; replace all. If absent in a new model: none, and it is only priced. */
            candidates?: components["schemas"]["CandidateInput"][] | null;
            /** @description The names of the plans that see and use the model, case-insensitive; null for all, [] for none. */
            plans?: string[] | null;
        };
        ChangeModelRequest: {
            /** @description What clients ask for, without blanks. The model keeps its price under another name; the name before is no alias unless you make it one. */
            name?: string | null;
            /** @description Other names of it. Names and aliases of all models are unique together. */
            aliases?: string[] | null;
            /** @description null or an empty string removes it. */
            display_name?: string | null;
            /** @description null or an empty string removes it. */
            description?: string | null;
            /**
             * Format: int64
             * @description How many tokens a call may read and write together; null if it is not known.
             */
            context_window?: number | null;
            /**
             * Format: int64
             * @description How many tokens of output are set aside for a call. If absent in a new model: 4096.
             */
            output_allowance?: number | null;
            /**
             * @description What happens to a stream that has no credits left. finish: it may go on for as much again as its first hold, which is not collected, and stops then; stop: it stops at once. If absent in a new model: finish.
             * @enum {string|null}
             */
            overrun?: "finish" | "stop" | null;
            /** @description Tools run by the provider that calls may use, such as code_interpreter: they cost or keep something beside tokens. If absent in a new model: none. */
            hosted_tools?: string[] | null;
            /** @description The upstreams that serve the model; replace all. If absent in a new model: none, and it is only priced. */
            candidates?: components["schemas"]["CandidateInput"][] | null;
            /** @description The names of the plans that see and use the model, case-insensitive; null for all, [] for none. */
            plans?: string[] | null;
        };
        DeletedModel: {
            deleted: boolean;
        };
        AdminUpstream: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "openai" | "anthropic" | "compatible";
            /** @description What stands before the path of a call. */
            base_url: string;
            /** @description The API formats that it serves. */
            wires: ("chat" | "responses" | "messages")[];
            keys: components["schemas"]["UpstreamKey"][];
            /** @description The names of the headers that every call gets. Their values are secrets. */
            headers: string[];
            /** Format: int64 */
            weight: number;
            /** Format: int64 */
            priority: number;
            /**
             * Format: int64
             * @description How long the head of an answer may take.
             */
            first_byte_timeout_seconds: number;
            /**
             * Format: int64
             * @description How long a stream may be silent.
             */
            idle_timeout_seconds: number;
            /**
             * @description What becomes of a call whose client has left: it is cancelled, or read to its end.
             * @enum {string}
             */
            on_client_gone: "cancel" | "drain";
            /**
             * Format: double
             * @description The most that the calls of a UTC day may cost; null for no limit.
             */
            daily_limit_usd: number | null;
            /** @description Whether requests may refer to what the provider keeps, which all customers share. */
            shared_state: boolean;
            enabled: boolean;
            /** Format: date-time */
            created_at: string;
            /** @description Why no call can go to it; null if nothing is wrong. */
            problem: string | null;
            /**
             * Format: date-time
             * @description Until when no call goes to it because calls failed; null if it does not rest.
             */
            rests_until: string | null;
            /**
             * Format: int64
             * @description Calls that failed within the last seconds, as this instance saw them.
             */
            recent_failures: number;
        };
        UpstreamKey: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            source: "stored" | "env" | "file";
            /** @description Where the key is read from; null if it is stored. */
            ref: string | null;
            /** @description The last four characters of a stored key; null for others and for short ones. */
            ends_with: string | null;
            enabled: boolean;
            /**
             * Format: date-time
             * @description null while it is enabled.
             */
            disabled_at: string | null;
            /** @description null while it is enabled. */
            disabled_reason: string | null;
            /** @description Why the key cannot be read; null if nothing is wrong. */
            problem: string | null;
            /**
             * Format: date-time
             * @description Until when it is not tried because the provider answered 429; null if it does not rest.
             */
            rests_until: string | null;
        };
        UpstreamKeyInput: {
            /** @description Unique in the list, at most 64 characters. If absent: key 1, key 2 … */
            name?: string | null;
            /**
             * Format: password
             * @description The key itself, at most 4096 characters. It is stored encrypted and never shown.
             */
            secret?: string | null;
            /** @description Where the key is read from: env:UPSTREAM_NAME, a variable of the service, or file:NAME, a file in UPSTREAM_KEYS_DIR. */
            ref?: string | null;
            /** @description true enables the key again, false disables it. Without secret and ref the entry names a key that stays. */
            enabled?: boolean | null;
        };
        CreateUpstreamRequest: {
            /** @description Unique, case-insensitive: letters, digits, blanks, dots, hyphens and underscores. */
            name: string;
            /**
             * @description openai serves chat and responses, anthropic messages, compatible the wires that it names.
             * @enum {string}
             */
            kind: "openai" | "anthropic" | "compatible";
            /** @description What stands before the path of a call, such as /chat/completions; without a path, /v1 is added. http:// is for loopback and private addresses, and names inside your network. */
            base_url: string;
            /** @description The API formats that it serves, of kind compatible alone: chat is /chat/completions, /completions and /embeddings. If absent in a new one: chat. */
            wires?: ("chat" | "responses" | "messages")[] | null;
            /** @description Replace all keys; tried in this order. Without one, calls are made without credentials. A new base URL or kind removes those that are not sent with it. */
            keys?: components["schemas"]["UpstreamKeyInput"][] | null;
            /** @description Header names and values that every call gets; replace all. They are stored encrypted and never shown. A new base URL or kind removes them unless they are sent with it. */
            headers?: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: int64
             * @description Its share of calls among candidates of equal priority and weight; 0: only if no other can be called. If absent in a new one: 1.
             */
            weight?: number | null;
            /**
             * Format: int64
             * @description Its place among candidates of equal priority, the lowest first. If absent in a new one: 1.
             */
            priority?: number | null;
            /**
             * Format: int64
             * @description How long the head of an answer may take. If absent in a new one: 300.
             */
            first_byte_timeout_seconds?: number | null;
            /**
             * Format: int64
             * @description How long a stream may be silent. If absent in a new one: 300.
             */
            idle_timeout_seconds?: number | null;
            /**
             * @description What becomes of a call whose client has left: cancel it, if the provider then stops billing, or drain it, that is read it to its end, at most 120 seconds. If absent in a new one: drain for kind compatible, cancel for the others.
             * @enum {string|null}
             */
            on_client_gone?: "cancel" | "drain" | null;
            /**
             * Format: double
             * @description The most that the calls of a UTC day may cost; null for no limit.
             */
            daily_limit_usd?: number | null;
            /** @description Whether requests may refer to what the provider keeps, such as previous_response_id. All customers share the provider's account. If absent in a new one: false. */
            shared_state?: boolean | null;
            /** @description If absent in a new one: true. */
            enabled?: boolean | null;
        };
        ChangeUpstreamRequest: {
            /** @description Unique, case-insensitive. */
            name?: string | null;
            /**
             * @description Another kind removes the keys and headers that are not sent with it.
             * @enum {string|null}
             */
            kind?: "openai" | "anthropic" | "compatible" | null;
            /** @description Another base URL removes the keys and headers that are not sent with it. */
            base_url?: string | null;
            /** @description The API formats that it serves, of kind compatible alone: chat is /chat/completions, /completions and /embeddings. If absent in a new one: chat. */
            wires?: ("chat" | "responses" | "messages")[] | null;
            /** @description Replace all keys; tried in this order. Without one, calls are made without credentials. A new base URL or kind removes those that are not sent with it. */
            keys?: components["schemas"]["UpstreamKeyInput"][] | null;
            /** @description Header names and values that every call gets; replace all. They are stored encrypted and never shown. A new base URL or kind removes them unless they are sent with it. */
            headers?: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: int64
             * @description Its share of calls among candidates of equal priority and weight; 0: only if no other can be called. If absent in a new one: 1.
             */
            weight?: number | null;
            /**
             * Format: int64
             * @description Its place among candidates of equal priority, the lowest first. If absent in a new one: 1.
             */
            priority?: number | null;
            /**
             * Format: int64
             * @description How long the head of an answer may take. If absent in a new one: 300.
             */
            first_byte_timeout_seconds?: number | null;
            /**
             * Format: int64
             * @description How long a stream may be silent. If absent in a new one: 300.
             */
            idle_timeout_seconds?: number | null;
            /**
             * @description What becomes of a call whose client has left: cancel it, if the provider then stops billing, or drain it, that is read it to its end, at most 120 seconds. If absent in a new one: drain for kind compatible, cancel for the others.
             * @enum {string|null}
             */
            on_client_gone?: "cancel" | "drain" | null;
            /**
             * Format: double
             * @description The most that the calls of a UTC day may cost; null for no limit.
             */
            daily_limit_usd?: number | null;
            /** @description Whether requests may refer to what the provider keeps, such as previous_response_id. All customers share the provider's account. If absent in a new one: false. */
            shared_state?: boolean | null;
            /** @description If absent in a new one: true. */
            enabled?: boolean | null;
        };
        DeletedUpstream: {
            deleted: boolean;
        };
        TestUpstreamRequest: {
            /** @description A model that is offered, or the upstream's own name for one: it is called for a few tokens, which the provider bills. If absent, the list of models is asked for, which costs nothing. */
            model?: string | null;
        };
        TestedUpstream: {
            ok: boolean;
            /**
             * Format: int64
             * @description The status of the answer; null if there was none.
             */
            status: number | null;
            /**
             * Format: int64
             * @description How long the head of the answer took; null if there was none.
             */
            first_byte_ms: number | null;
            /** @description What happened. */
            message: string;
        };
        RatesInput: {
            /**
             * Format: double
             * @description Dollars per million tokens.
             */
            input: number;
            /** Format: double */
            output: number;
            /**
             * Format: double
             * @description If absent, here and in the others but audio_output: that of input.
             */
            cache_read?: number | null;
            /**
             * Format: double
             * @description Written to a cache for 5 minutes.
             */
            cache_write?: number | null;
            /**
             * Format: double
             * @description Written to a cache for an hour.
             */
            cache_write_1h?: number | null;
            /** Format: double */
            audio_input?: number | null;
            /**
             * Format: double
             * @description If absent: that of output.
             */
            audio_output?: number | null;
        };
        BandInput: {
            /**
             * Format: int64
             * @description Calls that read more tokens, cached and audio ones included, have these rates as a whole.
             */
            above_input_tokens: number;
            usd_per_million: components["schemas"]["RatesInput"];
        };
        TierInput: {
            /**
             * Format: double
             * @description Dollars per million tokens.
             */
            input: number;
            /** Format: double */
            output: number;
            /**
             * Format: double
             * @description If absent, here and in the others but audio_output: that of input.
             */
            cache_read?: number | null;
            /**
             * Format: double
             * @description Written to a cache for 5 minutes.
             */
            cache_write?: number | null;
            /**
             * Format: double
             * @description Written to a cache for an hour.
             */
            cache_write_1h?: number | null;
            /** Format: double */
            audio_input?: number | null;
            /**
             * Format: double
             * @description If absent: that of output.
             */
            audio_output?: number | null;
            bands?: components["schemas"]["BandInput"][] | null;
        };
        ChargeInput: {
            /**
             * @description cost: a percentage of the cost, at the value of a credit. request: so many credits a request.
             * @enum {string}
             */
            mode: "cost" | "request";
            /**
             * Format: double
             * @description Credits a request; needed if the mode is request, and for no other.
             */
            credits?: number | null;
            /**
             * Format: double
             * @description Percentage of the cost, only if the mode is cost. If absent: 100.
             */
            percent?: number | null;
            /**
             * Format: double
             * @description What a credit is worth. If absent: CREDIT_VALUE_USD of the configuration.
             */
            credit_value_usd?: number | null;
        };
        SetPriceRequest: {
            /** @description A name, or an alias of a model: the price is that of its name. It need not be a model that is offered. */
            model: string;
            /**
             * Format: date-time
             * @description When it begins, not in the past. If absent: at once.
             */
            valid_from?: string | null;
            usd_per_million: components["schemas"]["RatesInput"];
            /**
             * Format: double
             * @description Beside the tokens.
             */
            usd_per_request?: number | null;
            /** Format: double */
            usd_per_web_search?: number | null;
            /** @description The lowest threshold first. */
            bands?: components["schemas"]["BandInput"][] | null;
            /** @description Rates of service tiers that have their own, by name. Another tier than default, standard and auto without rates of its own has those of the dearest. */
            tiers?: {
                [key: string]: components["schemas"]["TierInput"];
            } | null;
            charge: components["schemas"]["ChargeInput"];
        };
        QuotedUsage: {
            /** @description If given: that beside usage. */
            model?: string | null;
            /**
             * Format: int64
             * @description Tokens that the model read and that were neither read from a cache, nor written to one, nor audio. If absent: 0.
             */
            input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens read from a cache. If absent: 0.
             */
            cache_read_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for 5 minutes. If absent: 0.
             */
            cache_write_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens written to a cache for an hour. If absent: 0.
             */
            cache_write_1h_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model read. If absent: 0.
             */
            audio_input_tokens?: number | null;
            /**
             * Format: int64
             * @description Tokens that the model wrote, reasoning included and audio not. If absent: 0.
             */
            output_tokens?: number | null;
            /**
             * Format: int64
             * @description Audio tokens that the model wrote. If absent: 0.
             */
            audio_output_tokens?: number | null;
            /**
             * Format: int64
             * @description The part of output_tokens that is reasoning. If absent: 0.
             */
            reasoning_tokens?: number | null;
            /**
             * Format: int64
             * @description Requests to the model. If absent: 1.
             */
            requests?: number | null;
            /**
             * Format: int64
             * @description Web searches that the provider made. If absent: 0.
             */
            web_searches?: number | null;
            /** @description The provider's name for how the call was served. A tier without a price of its own has the most expensive price. If absent: the default tier. */
            service_tier?: string | null;
        };
        QuoteRequest: {
            /** @description A name or alias. */
            model: string;
            usage: components["schemas"]["QuotedUsage"];
            /**
             * Format: date-time
             * @description The moment whose price counts. If absent: now.
             */
            at?: string | null;
        };
        Quoted: {
            /**
             * Format: double
             * @description The cost, rounded half to even to a millionth of a dollar, as a charge has it.
             */
            cost_usd: number;
            /**
             * Format: double
             * @description The sum of the lines, not rounded.
             */
            exact_cost_usd: number;
            /**
             * Format: double
             * @description What a customer pays, before the day's sum is rounded up to whole credits. Rounded down to a millionth.
             */
            credits: number;
            /** Format: uuid */
            price_id: string;
            model: string;
            /**
             * Format: date-time
             * @description When the price began.
             */
            valid_from: string;
            /** @description The service tier whose rates count; null for those of no tier. */
            tier: string | null;
            /** @description Whether the usage's tier has no rates of its own, so that those of the dearest count. */
            tier_is_dearest: boolean;
            /**
             * Format: int64
             * @description The threshold of the band whose rates count; null for none.
             */
            above_input_tokens: number | null;
            charge: components["schemas"]["PriceCharge"];
            lines: components["schemas"]["QuoteLine"][];
        };
        QuoteLine: {
            /** @description input, cache_read, cache_write, cache_write_1h, audio_input, output, audio_output, request or web_search. */
            bucket: string;
            /**
             * Format: int64
             * @description null for requests and web searches.
             */
            tokens: number | null;
            /**
             * Format: double
             * @description null for requests and web searches.
             */
            usd_per_million: number | null;
            /**
             * Format: int64
             * @description How many requests or web searches; null for tokens.
             */
            count: number | null;
            /**
             * Format: double
             * @description The price of a request or of a web search; null for tokens.
             */
            usd_each: number | null;
            /**
             * Format: double
             * @description Exact.
             */
            cost_usd: number;
        };
        ImportPricesRequest: {
            /**
             * @description shipped: the list that comes with the service. genai-prices, litellm: the format of list.
             * @enum {string}
             */
            source: "shipped" | "genai-prices" | "litellm";
            /** @description The list, if the source is not shipped: of LiteLLM the content of model_prices_and_context_window.json, of genai-prices {"providers": the content of data.json}. */
            list?: {
                [key: string]: unknown;
            } | null;
            /** @description The models to import, in whose names * stands for any text. If absent: all. */
            models?: string[] | null;
            /**
             * Format: double
             * @description The percentage of the cost that customers pay for models that have no price yet. Others keep what customers pay. If absent: 100.
             */
            percent?: number | null;
            /**
             * Format: double
             * @description What a credit is worth, for models that have no price yet. If absent: CREDIT_VALUE_USD of the configuration.
             */
            credit_value_usd?: number | null;
            /** @description Whether to set the prices. If absent or false: only show what would change. */
            apply?: boolean | null;
        };
        ImportedPrices: {
            /** @description Whether the prices were set. */
            applied: boolean;
            /** @description The list's name, which each price keeps. */
            source: string;
            counts: components["schemas"]["ImportCounts"];
            items: components["schemas"]["ImportedItem"][];
            unread: components["schemas"]["UnreadItem"][];
        };
        ImportCounts: {
            /** Format: int64 */
            new: number;
            /** Format: int64 */
            changed: number;
            /** Format: int64 */
            unchanged: number;
            /** Format: int64 */
            unread: number;
        };
        ImportedItem: {
            model: string;
            /** @enum {string} */
            action: "new" | "changed" | "unchanged";
            /** @description The price that would be in force at the beginning of after; null if there is none. */
            before: components["schemas"]["ImportedPrice"] | null;
            /** @description The price that is set; of an unchanged one, that which is kept. */
            after: components["schemas"]["ImportedPrice"];
        };
        ImportedPrice: {
            /** Format: date-time */
            valid_from: string;
            usd_per_million: components["schemas"]["PriceRates"];
            /** Format: double */
            usd_per_request: number;
            /** Format: double */
            usd_per_web_search: number;
            bands: components["schemas"]["PriceBand"][];
            /** @description Rates of service tiers that have their own. */
            tiers: {
                [key: string]: components["schemas"]["PriceTier"];
            };
            charge: components["schemas"]["PriceCharge"];
        };
        UnreadItem: {
            model: string;
            reason: string;
        };
        RequestList: {
            requests: components["schemas"]["AdminRequestItem"][];
            /**
             * Format: uuid
             * @description Where the next page goes on, for after; null at the end.
             */
            next: string | null;
        };
        Settings: {
            /** @description Percentages of a plan's credits of a day and of a month at which the event usage.threshold_reached is emitted, ascending. */
            usage_thresholds: number[];
            /** @description The product's name, which the dashboard and mails to customers show. */
            name: string;
            /** @description The colour of buttons and links, #rrggbb; null for the default. */
            accent: string | null;
            /** @description Where customers get help. */
            support_email: string | null;
            /** @description A page where customers get help. */
            support_url: string | null;
            links: components["schemas"]["LookLink"][];
            /** @description null for none. */
            logo: components["schemas"]["LogoForm"] | null;
        };
        LookLink: {
            /** @description What the link says. */
            label: string;
            /** @description An address that begins with https://. */
            url: string;
        };
        LogoForm: {
            /** @description Where it is served. */
            url: string;
            /** @description image/png or image/svg+xml. */
            media_type: string;
            /**
             * Format: int64
             * @description Its size.
             */
            bytes: number;
            /** @description The hash of the file that is served, in hexadecimal. */
            sha256: string;
        };
        ChangeSettingsRequest: {
            /** @description Up to 10 percentages from 1 to 100; none for no such events. */
            usage_thresholds?: number[] | null;
            /** @description The product's name, which the dashboard and mails to customers show. null or an empty string: Codexible. */
            name?: string | null;
            /** @description The colour of the dashboard's buttons and links, #rrggbb. null or an empty string: the default. */
            accent?: string | null;
            /** @description Where customers get help. null or an empty string removes it. */
            support_email?: string | null;
            /** @description A page where customers get help: https://, or http:// on this machine. null or an empty string removes it. */
            support_url?: string | null;
            /** @description Links below every page of the dashboard; they replace all. */
            links?: components["schemas"]["LookLink"][] | null;
            /** @description A PNG of at most 2048 × 2048 pixels or an SVG without scripts, of at most 256 KiB, in base64. It is written anew. null or an empty string removes it. */
            logo?: string | null;
        };
        AuditLog: {
            logs: components["schemas"]["AuditLine"][];
            /**
             * Format: int64
             * @description Where the next page goes on, for after; null at the end.
             */
            next: number | null;
        };
        UsageSumList: {
            usage: components["schemas"]["UsageSum"][];
            /** @description Where the next page goes on, for after; null at the end. */
            next: string | null;
        };
        UsageSum: {
            /**
             * Format: date
             * @description This field and the ones to upstream are null unless the sums are divided by them.
             */
            date: string | null;
            /**
             * Format: int64
             * @description In UTC; null for corrections, which belong to a user and a day.
             */
            hour: number | null;
            /** Format: uuid */
            user_id: string | null;
            email: string | null;
            /**
             * Format: uuid
             * @description null for corrections, and for what was uncollected on days whose single charges a retention has removed.
             */
            key_id: string | null;
            key_prefix: string | null;
            key_label: string | null;
            /** @description null where key_id would be. */
            model: string | null;
            /**
             * Format: uuid
             * @description The plan that the user has at present.
             */
            plan_id: string | null;
            plan: string | null;
            /**
             * Format: uuid
             * @description null for charges of other calls than those under /v1.
             */
            upstream_id: string | null;
            /** @description null if it was deleted. */
            upstream: string | null;
            /**
             * Format: int64
             * @description Charges, without adjustments and corrections.
             */
            requests: number;
            /**
             * Format: int64
             * @description Whole credits, adjustments and corrections included.
             */
            credits: number;
            /**
             * Format: int64
             * @description The part of credits that operators took, or gave back if it is negative.
             */
            corrected_credits: number;
            /**
             * Format: double
             * @description Credits that did not fit into what the customer had left. Negative where an adjustment collected them later.
             */
            uncollected: number;
            /**
             * Format: double
             * @description What it cost the operator, in dollars.
             */
            cost_usd: number;
            /** @description By what they are priced as. Charges without a price count as input_tokens and output_tokens. */
            tokens: components["schemas"]["SumTokens"];
        };
        SumTokens: {
            /**
             * Format: int64
             * @description Tokens that models read and that were neither cached nor audio.
             */
            input_tokens: number;
            /** Format: int64 */
            cache_read_tokens: number;
            /** Format: int64 */
            cache_write_tokens: number;
            /** Format: int64 */
            cache_write_1h_tokens: number;
            /** Format: int64 */
            audio_input_tokens: number;
            /**
             * Format: int64
             * @description Tokens that models wrote, reasoning included and audio not.
             */
            output_tokens: number;
            /** Format: int64 */
            audio_output_tokens: number;
            /**
             * Format: int64
             * @description The part of output_tokens that is reasoning.
             */
            reasoning_tokens: number;
            /** Format: int64 */
            web_searches: number;
        };
        UsageChargeList: {
            charges: components["schemas"]["UsageCharge"][];
            /**
             * Format: uuid
             * @description Where the next page goes on, for after; null at the end.
             */
            next: string | null;
        };
        UsageCharge: {
            /** Format: uuid */
            id: string;
            /**
             * @description adjustment: what the real usage of an interrupted call changed about its charge. correction: credits that an operator took or gave back.
             * @enum {string}
             */
            type: "charge" | "adjustment" | "correction";
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date
             * @description The day in UTC on which it counts. Adjustments and corrections can be made later.
             */
            date: string;
            /**
             * Format: int64
             * @description The hour in which it counts: of an adjustment the hour of its charge, if that is of the same day. null for corrections.
             */
            hour: number | null;
            /** Format: uuid */
            user_id: string;
            email: string;
            /**
             * Format: uuid
             * @description null for corrections, which belong to a user and a day.
             */
            key_id: string | null;
            key_prefix: string | null;
            key_label: string | null;
            /** @description null for corrections. */
            model: string | null;
            /**
             * Format: uuid
             * @description The plan that the user has at present.
             */
            plan_id: string;
            plan: string;
            /**
             * Format: uuid
             * @description The upstream that served the call; null for charges of other calls than those under /v1.
             */
            upstream_id: string | null;
            /** @description null if it was deleted. */
            upstream: string | null;
            /**
             * Format: uuid
             * @description The charge that an adjustment is of; null for others.
             */
            adjusts_id: string | null;
            /**
             * Format: uuid
             * @description The price that made credits and cost; null for a charge without a price.
             */
            price_id: string | null;
            /** @description null for the default tier. */
            service_tier: string | null;
            /**
             * Format: uuid
             * @description The X-Request-Id of the call under /v1; null for others.
             */
            request_id: string | null;
            /**
             * @description How the call ended; null for others.
             * @enum {string|null}
             */
            outcome: "complete" | "stopped" | "client_gone" | "upstream_error" | "interrupted" | null;
            /**
             * @description Where the tokens of the call come from; null for others.
             * @enum {string|null}
             */
            source: "reported" | "counted" | "estimated" | null;
            /**
             * Format: double
             * @description What was charged, before the day's sum was rounded up to whole credits.
             */
            exact_credits: number;
            /**
             * Format: int64
             * @description Charges, without adjustments and corrections.
             */
            requests: number;
            /**
             * Format: int64
             * @description Whole credits, adjustments and corrections included.
             */
            credits: number;
            /**
             * Format: int64
             * @description The part of credits that operators took, or gave back if it is negative.
             */
            corrected_credits: number;
            /**
             * Format: double
             * @description Credits that did not fit into what the customer had left. Negative where an adjustment collected them later.
             */
            uncollected: number;
            /**
             * Format: double
             * @description What it cost the operator, in dollars.
             */
            cost_usd: number;
            /** @description By what they are priced as. Charges without a price count as input_tokens and output_tokens. */
            tokens: components["schemas"]["SumTokens"];
        };
        Appearance: {
            /** @description The product's name, which the dashboard and mails to customers show. */
            name: string;
            /** @description The colour of buttons and links, #rrggbb; null for the default. */
            accent: string | null;
            /** @description Where customers get help. */
            support_email: string | null;
            /** @description A page where customers get help. */
            support_url: string | null;
            links: components["schemas"]["LookLink"][];
            /** @description The path of the logo, which changes with it; null for none. */
            logo: string | null;
        };
        AdminWebhook: {
            /** Format: uuid */
            id: string;
            /** @description A viewer gets the host alone: the rest may hold a secret of the receiver's. */
            url: string;
            description: string;
            types: string[];
            enabled: boolean;
            /**
             * Format: date-time
             * @description Until when the secret of before signs too; null if it does not.
             */
            overlaps_until: string | null;
            /** @description Why a secret cannot be used; null if nothing is wrong. */
            problem: string | null;
            /** Format: date-time */
            created_at: string;
        };
        CreateWebhookRequest: {
            /** @description Where events are sent by POST: https://, or http:// for addresses that WEBHOOK_ALLOW_PRIVATE names. Private addresses are refused unless it names them. */
            url: string;
            description?: string | null;
            /** @description The types of events that are sent; they replace all. Empty, or absent in a new webhook: all types. */
            types?: ("usage.threshold_reached" | "usage.quota_exceeded" | "grant.used_up" | "key.created" | "key.rotated" | "key.revoked" | "key.expiring" | "user.created" | "user.suspended" | "user.reactivated" | "user.erased" | "plan.changed" | "upstream.down" | "upstream.recovered" | "ledger.mismatch")[] | null;
            /** @description While it is false nothing is sent, and events are not kept for it. Absent in a new webhook: true. */
            enabled?: boolean | null;
        };
        SecretWebhook: {
            /** Format: uuid */
            id: string;
            /** @description A viewer gets the host alone: the rest may hold a secret of the receiver's. */
            url: string;
            description: string;
            types: string[];
            enabled: boolean;
            /**
             * Format: date-time
             * @description Until when the secret of before signs too; null if it does not.
             */
            overlaps_until: string | null;
            /** @description Why a secret cannot be used; null if nothing is wrong. */
            problem: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description What its events are signed with, by the Standard Webhooks specification. It is shown in this answer alone. */
            secret: string;
        };
        ChangeWebhookRequest: {
            /** @description Where events are sent by POST. What waits is sent there too. */
            url?: string | null;
            description?: string | null;
            /** @description The types of events that are sent; they replace all. Empty, or absent in a new webhook: all types. */
            types?: ("usage.threshold_reached" | "usage.quota_exceeded" | "grant.used_up" | "key.created" | "key.rotated" | "key.revoked" | "key.expiring" | "user.created" | "user.suspended" | "user.reactivated" | "user.erased" | "plan.changed" | "upstream.down" | "upstream.recovered" | "ledger.mismatch")[] | null;
            /** @description While it is false nothing is sent, and events are not kept for it. Absent in a new webhook: true. */
            enabled?: boolean | null;
        };
        DeletedWebhook: {
            deleted: boolean;
        };
        RotateWebhookRequest: {
            /**
             * Format: int64
             * @description How long the secret of before signs too. If absent: 86400, which is a day.
             */
            overlap_seconds?: number | null;
        };
        AdminDelivery: {
            /**
             * Format: uuid
             * @description The event's id, which the receiver gets as webhook-id. Deliveries of an event to several webhooks have the same.
             */
            id: string;
            type: string;
            /**
             * @description pending: another attempt follows. failed: given up after 3 days, or because the receiver answered 410 Gone.
             * @enum {string}
             */
            status: "pending" | "delivered" | "failed";
            /**
             * Format: uuid
             * @description Whom the event concerns; null for nobody. Events of a user arrive in their order.
             */
            user_id: string | null;
            /**
             * Format: date-time
             * @description When it happened.
             */
            created_at: string;
            /**
             * Format: int64
             * @description Since it was last sent again.
             */
            attempts: number;
            tries: components["schemas"]["DeliveryTry"][];
            /**
             * Format: date-time
             * @description When the next attempt is due, unless an earlier event of the user is not delivered by then; null if none follows.
             */
            due_at: string | null;
            /**
             * Format: date-time
             * @description null while it is pending.
             */
            ended_at: string | null;
            /** @description The first 1024 bytes of the last answer. */
            answer: string;
            /** @description The body that is sent. */
            payload: string;
        };
        DeliveryTry: {
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description Of the answer; null if there was none.
             */
            status: number | null;
            /** @description Why it failed; null if the event was accepted. */
            error: string | null;
            /**
             * Format: int64
             * @description How long it took.
             */
            ms: number;
        };
    };
    responses: {
        /** @description The user is suspended, or does not have the role that the path needs. The key lacks the scope that the path needs, or it would grant another key more than it has itself. The key cannot be used from this address. */
        refused_key: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The user is suspended, or does not have the role that the path needs. */
        forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The body is missing, is not JSON, or is not an object. */
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
        /** @description The id does not exist, or belongs to another user. */
        not_found: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The request conflicts with the current state: the name is taken, the key was rotated at the same time, the idempotency key belongs to another charge, the hold has ended, or the user already has the plan's maximum number of keys. */
        conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The body is larger than 1 MiB, or for a price list 8 MiB. */
        payload_too_large: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The Content-Type is not JSON. */
        unsupported_media_type: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description A field or parameter has a wrong type or an invalid value; fields lists each. */
        validation_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description The rate limit is reached. Retry-After says when another request is allowed. */
        rate_limited: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description It does not fit into the credits that are left; nothing was recorded. Retry-After gives the seconds until the day ends, or the month where its limit is the one reached. X-Should-Retry: false keeps SDKs from waiting for it. */
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
        /** @description Requests allowed in any 60 seconds. */
        "X-RateLimit-Limit": number;
        /** @description Requests allowed at this moment. */
        "X-RateLimit-Remaining": number;
        /** @description Seconds until another request is allowed; 0 if one is allowed now. */
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
            /** @description Success. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "version": "v1.0.0",
                     *       "demo": false
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
            /** @description Success. */
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
                     *       "changes": "notified",
                     *       "disk": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Success. */
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
                     *       "changes": "notified",
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
            /** @description Success. */
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
            /** @description Success. */
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
            /** @description Success. */
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
    sessionOptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "mail": false,
                     *       "openid": false,
                     *       "registration": false
                     *     }
                     */
                    "application/json": components["schemas"]["SessionOptions"];
                };
            };
        };
    };
    sendSignInLink: {
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
                 *       "browser": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
                 *       "language": "en"
                 *     }
                 */
                "application/json": components["schemas"]["LinkRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "sent": true
                     *     }
                     */
                    "application/json": components["schemas"]["LinkSent"];
                };
            };
            400: components["responses"]["bad_request"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    showSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "expires_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CustomerSession"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["forbidden"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    openSession: {
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
                 *       "link": "BdPvm1o0VpJc0pQf3gXkq3mC7wD9xw5vYtqk1b1n2aA",
                 *       "browser": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
                 *     }
                 */
                "application/json": components["schemas"]["OpenSessionRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "session": "codexible_session_0123456789abcdef0123456789abcdef",
                     *       "expires_at": "2026-03-04T12:00:00Z",
                     *       "user": {
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "plan": "Pro",
                     *         "status": "active"
                     *       },
                     *       "created": false
                     *     }
                     */
                    "application/json": components["schemas"]["OpenedSession"];
                };
            };
            400: components["responses"]["bad_request"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    endSession: {
        parameters: {
            query?: {
                /** @description Whether to end all sessions of the user in the dashboard. */
                everywhere?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "signed_out": true
                     *     }
                     */
                    "application/json": components["schemas"]["SignedOutOf"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["forbidden"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    beginOpenID: {
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
                 *       "browser": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
                 *     }
                 */
                "application/json": components["schemas"]["BeginOpenIDRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "url": "https://login.example.com/authorize?client_id=codexible"
                     *     }
                     */
                    "application/json": components["schemas"]["OpenIDAddress"];
                };
            };
            400: components["responses"]["bad_request"];
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    finishOpenID: {
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
                 *       "code": "SplxlOBeZQQYbYS6WxSbIA",
                 *       "state": "af0ifjsldkj",
                 *       "browser": "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
                 *     }
                 */
                "application/json": components["schemas"]["FinishOpenIDRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "session": "codexible_session_0123456789abcdef0123456789abcdef",
                     *       "expires_at": "2026-03-04T12:00:00Z",
                     *       "user": {
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "plan": "Pro",
                     *         "status": "active"
                     *       },
                     *       "created": false
                     *     }
                     */
                    "application/json": components["schemas"]["OpenedSession"];
                };
            };
            400: components["responses"]["bad_request"];
            403: components["responses"]["forbidden"];
            409: components["responses"]["conflict"];
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
            /** @description Success. */
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
                     *         "models": [
                     *           "coder-large"
                     *         ],
                     *         "daily_credit_limit": 50,
                     *         "rate_limit_per_minute": 30,
                     *         "concurrency_limit": 4,
                     *         "metadata": {
                     *           "team": "search"
                     *         },
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
                /** @description Maximum number of keys to return. */
                limit?: number;
                /** @description The id of the last key of the previous page. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "models": [
                     *           "coder-large"
                     *         ],
                     *         "daily_credit_limit": 50,
                     *         "rate_limit_per_minute": 30,
                     *         "concurrency_limit": 4,
                     *         "metadata": {
                     *           "team": "search"
                     *         },
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
                 *       "status": "active",
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "daily_credit_limit": 50,
                 *       "rate_limit_per_minute": 30,
                 *       "concurrency_limit": 4,
                 *       "metadata": {
                 *         "team": "search"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["CreateKeyRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                 *       "credits": 0,
                 *       "hold": {
                 *         "credits": 12,
                 *         "ttl_seconds": 600,
                 *         "on_expiry": "release"
                 *       },
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
            /** @description Success. */
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
                     *         "status": "active",
                     *         "external_id": "crm-4711",
                     *         "metadata": {
                     *           "team": "search"
                     *         }
                     *       },
                     *       "key": {
                     *         "label": "Laptop",
                     *         "scopes": [
                     *           "models",
                     *           "usage"
                     *         ],
                     *         "metadata": {
                     *           "team": "search"
                     *         }
                     *       },
                     *       "features": {
                     *         "priority": true
                     *       },
                     *       "credits": {
                     *         "used": 91,
                     *         "held": 12,
                     *         "limit": 250,
                     *         "granted": 0,
                     *         "remaining": 147,
                     *         "resets_at": "2026-03-04T12:00:00Z",
                     *         "month": {
                     *           "used": 1200,
                     *           "held": 12,
                     *           "limit": 5000,
                     *           "remaining": 3788,
                     *           "resets_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       },
                     *       "rate_limit": {
                     *         "limit": 100,
                     *         "remaining": 99,
                     *         "reset_seconds": 0
                     *       },
                     *       "hold_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "hold_status": "open",
                     *       "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
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
    verifyBatch: {
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
                 *       "verifications": [
                 *         {
                 *           "key": "codexible_0123456789abcdef0123456789abcdef",
                 *           "credits": 0,
                 *           "hold": {
                 *             "credits": 12,
                 *             "ttl_seconds": 600,
                 *             "on_expiry": "release"
                 *           },
                 *           "idempotency_key": "order-4711",
                 *           "address": "203.0.113.7",
                 *           "model": "coder-large",
                 *           "prompt_tokens": 1200,
                 *           "completion_tokens": 340,
                 *           "cost_usd": 0.0125
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["BatchRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *         "valid": true,
                     *         "code": "VALID",
                     *         "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "user": {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "email": "ada@example.com",
                     *           "plan": "Pro",
                     *           "status": "active",
                     *           "external_id": "crm-4711",
                     *           "metadata": {
                     *             "team": "search"
                     *           }
                     *         },
                     *         "key": {
                     *           "label": "Laptop",
                     *           "scopes": [
                     *             "models",
                     *             "usage"
                     *           ],
                     *           "metadata": {
                     *             "team": "search"
                     *           }
                     *         },
                     *         "features": {
                     *           "priority": true
                     *         },
                     *         "credits": {
                     *           "used": 91,
                     *           "held": 12,
                     *           "limit": 250,
                     *           "granted": 0,
                     *           "remaining": 147,
                     *           "resets_at": "2026-03-04T12:00:00Z",
                     *           "month": {
                     *             "used": 1200,
                     *             "held": 12,
                     *             "limit": 5000,
                     *             "remaining": 3788,
                     *             "resets_at": "2026-03-04T12:00:00Z"
                     *           }
                     *         },
                     *         "rate_limit": {
                     *           "limit": 100,
                     *           "remaining": 99,
                     *           "reset_seconds": 0
                     *         },
                     *         "hold_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "hold_status": "open",
                     *         "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "duplicate": false
                     *       }
                     *     ]
                     */
                    "application/json": (components["schemas"]["Verdict"] | components["schemas"]["Failure"])[];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    listHolds: {
        parameters: {
            query?: {
                /** @description Only holds of this user. */
                user_id?: string;
                /** @description Only holds of this key. */
                key_id?: string;
                /** @description Maximum number of holds to return. */
                limit?: number;
                /** @description The id of the last hold of the previous page. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "credits": 12,
                     *         "delivered": {
                     *           "credits": 7
                     *         },
                     *         "on_expiry": "release",
                     *         "model": "coder-large",
                     *         "request_id": "0f8fad5bd9cb469fa16570867728950e",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["HoldItem"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    settleHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hold's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "credits": 9,
                 *       "model": "coder-large",
                 *       "outcome": "complete",
                 *       "prompt_tokens": 1200,
                 *       "completion_tokens": 340,
                 *       "cost_usd": 0.0125
                 *     }
                 */
                "application/json": components["schemas"]["SettleRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "charged": 9,
                     *       "uncollected": 0,
                     *       "duplicate": false,
                     *       "credits": {
                     *         "used": 91,
                     *         "held": 12,
                     *         "limit": 250,
                     *         "granted": 0,
                     *         "remaining": 147,
                     *         "resets_at": "2026-03-04T12:00:00Z",
                     *         "month": {
                     *           "used": 1200,
                     *           "held": 12,
                     *           "limit": 5000,
                     *           "remaining": 3788,
                     *           "resets_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       },
                     *       "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "priced_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Settlement"];
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
    extendHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hold's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "credits": 20,
                 *       "ttl_seconds": 600,
                 *       "delivered": {
                 *         "credits": 7
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ExtendRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "expires_at": "2026-03-04T12:00:00Z",
                     *       "credits": {
                     *         "used": 91,
                     *         "held": 12,
                     *         "limit": 250,
                     *         "granted": 0,
                     *         "remaining": 147,
                     *         "resets_at": "2026-03-04T12:00:00Z",
                     *         "month": {
                     *           "used": 1200,
                     *           "held": 12,
                     *           "limit": 5000,
                     *           "remaining": 3788,
                     *           "resets_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Extended"];
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
            /** @description The rate limit is reached. Retry-After says when another request is allowed. It does not fit into the credits that are left; nothing was recorded. Retry-After gives the seconds until the day ends, or the month where its limit is the one reached. X-Should-Retry: false keeps SDKs from waiting for it. */
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
    releaseHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hold's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "released": true
                     *     }
                     */
                    "application/json": components["schemas"]["Released"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    revokeKey: {
        parameters: {
            query?: {
                /** @description Whether to also revoke the keys that this key created, directly or indirectly. */
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
            /** @description Success. */
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
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "status": "active",
                 *       "daily_credit_limit": 50,
                 *       "rate_limit_per_minute": 30,
                 *       "concurrency_limit": 4,
                 *       "metadata": {
                 *         "team": "search"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ChangeKeyRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                /** @description The key's id, which does not change. */
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
            /** @description Success. */
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
    models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "name": "coder-large",
                     *         "aliases": [
                     *           "coder-latest"
                     *         ],
                     *         "display_name": "Coder Large",
                     *         "description": "For everyday coding.",
                     *         "context_window": 200000,
                     *         "price": {
                     *           "valid_from": "2026-03-04T12:00:00Z",
                     *           "mode": "cost",
                     *           "credits_per_request": 0,
                     *           "credits_per_web_search": 1,
                     *           "credits_per_million": {
                     *             "input": 300,
                     *             "cache_read": 30,
                     *             "cache_write": 375,
                     *             "cache_write_1h": 600,
                     *             "audio_input": 300,
                     *             "output": 1500,
                     *             "audio_output": 1500
                     *           },
                     *           "bands": [
                     *             {
                     *               "above_input_tokens": 200000,
                     *               "credits_per_million": {
                     *                 "input": 300,
                     *                 "cache_read": 30,
                     *                 "cache_write": 375,
                     *                 "cache_write_1h": 600,
                     *                 "audio_input": 300,
                     *                 "output": 1500,
                     *                 "audio_output": 1500
                     *               }
                     *             }
                     *           ],
                     *           "tiers": {
                     *             "flex": {
                     *               "credits_per_million": {
                     *                 "input": 150,
                     *                 "cache_read": 15,
                     *                 "cache_write": 150,
                     *                 "cache_write_1h": 150,
                     *                 "audio_input": 150,
                     *                 "output": 750,
                     *                 "audio_output": 750
                     *               },
                     *               "bands": []
                     *             }
                     *           }
                     *         },
                     *         "typical_call_credits": 3.18,
                     *         "wires": [
                     *           "chat",
                     *           "responses"
                     *         ]
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["Offer"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
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
            /** @description Success. */
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
                /** @description Number of days, including today. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                /** @description Number of days, including today. */
                days?: number;
                /** @description Maximum number of charges to return. */
                limit?: number;
                /** @description Number of charges to skip. */
                offset?: number;
                /** @description Only the charges of the call with this X-Request-Id under /v1: one, or none before the call has ended; the other parameters then have no effect. A call that was interrupted and whose real usage was learnt later has a second one, with what it used beyond the first. */
                request_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "tokens": {
                     *           "input_tokens": 1200,
                     *           "cache_read_tokens": 8000,
                     *           "cache_write_tokens": 0,
                     *           "cache_write_1h_tokens": 0,
                     *           "audio_input_tokens": 0,
                     *           "output_tokens": 340,
                     *           "audio_output_tokens": 0,
                     *           "reasoning_tokens": 0,
                     *           "requests": 1,
                     *           "web_searches": 0,
                     *           "service_tier": "flex"
                     *         },
                     *         "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "outcome": "complete",
                     *         "source": "reported",
                     *         "first_token_ms": 640,
                     *         "tokens_per_second": 81.4,
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
    usageCharge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The charge's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "model": "coder-large",
                     *       "prompt_tokens": 1200,
                     *       "completion_tokens": 340,
                     *       "cost_usd": 0.0125,
                     *       "credits": 2,
                     *       "tokens": {
                     *         "input_tokens": 1200,
                     *         "cache_read_tokens": 8000,
                     *         "cache_write_tokens": 0,
                     *         "cache_write_1h_tokens": 0,
                     *         "audio_input_tokens": 0,
                     *         "output_tokens": 340,
                     *         "audio_output_tokens": 0,
                     *         "reasoning_tokens": 0,
                     *         "requests": 1,
                     *         "web_searches": 0,
                     *         "service_tier": "flex"
                     *       },
                     *       "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "outcome": "complete",
                     *       "source": "reported",
                     *       "first_token_ms": 640,
                     *       "tokens_per_second": 81.4,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "date": "2026-03-04",
                     *       "exact_credits": 1.250001,
                     *       "adjusts_id": null,
                     *       "price": {
                     *         "valid_from": "2026-03-04T12:00:00Z",
                     *         "mode": "cost",
                     *         "tier": null,
                     *         "tier_is_dearest": false,
                     *         "above_input_tokens": null
                     *       },
                     *       "lines": [
                     *         {
                     *           "item": "cache_read",
                     *           "tokens": 8000,
                     *           "count": null,
                     *           "credits_per_million": 30,
                     *           "credits_each": null,
                     *           "credits": 0.24
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ExplainedCharge"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageCredits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "used": 91,
                     *       "held": 12,
                     *       "limit": 250,
                     *       "granted": 0,
                     *       "remaining": 147,
                     *       "resets_at": "2026-03-04T12:00:00Z",
                     *       "month": {
                     *         "used": 1200,
                     *         "held": 12,
                     *         "limit": 5000,
                     *         "remaining": 3788,
                     *         "resets_at": "2026-03-04T12:00:00Z"
                     *       },
                     *       "grants": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "credits": 500,
                     *           "remaining": 368,
                     *           "expires_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["UserCredits"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageRefusals: {
        parameters: {
            query?: {
                /** @description Maximum number of calls to return. They are looked for among your newest 2000 calls, as long as the operator keeps the log of requests. Not among them is what was refused before the body was read: for the key, its scopes or address, the rate limit, or the size of the request. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "at": "2026-03-04T12:00:00Z",
                     *         "model": "coder-large",
                     *         "endpoint": "chat.completions",
                     *         "status": 429,
                     *         "outcome": "refused",
                     *         "code": "insufficient_quota",
                     *         "message": "As many requests are open at once as this key or its plan allows. Wait for one of them to end, then try again."
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["FailedCall"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageSpeed: {
        parameters: {
            query?: {
                /** @description Number of days, including today. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "requests": 42,
                     *         "first_token_ms": 640,
                     *         "tokens_per_second": 81.4
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["ModelSpeed"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    alerts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "mail": true,
                     *       "email": "ada@example.com",
                     *       "usage_from_percent": 80,
                     *       "used_up": true,
                     *       "key_expiring": true,
                     *       "thresholds": [
                     *         50,
                     *         80,
                     *         100
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["AlertSettings"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    changeAlerts: {
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
                 *       "usage_from_percent": 80,
                 *       "used_up": true,
                 *       "key_expiring": true
                 *     }
                 */
                "application/json": components["schemas"]["ChangeAlertsRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "mail": true,
                     *       "email": "ada@example.com",
                     *       "usage_from_percent": 80,
                     *       "used_up": true,
                     *       "key_expiring": true,
                     *       "thresholds": [
                     *         50,
                     *         80,
                     *         100
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["AlertSettings"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    usageModels: {
        parameters: {
            query?: {
                /** @description Number of days, including today. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                /** @description The day in UTC, 2000-01-01 to 2100-12-31. If absent: today. */
                date?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                /** @description A repeat within 24 hours with the same value returns the first result and charges nothing. */
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
            /** @description Success. */
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
            /** @description The rate limit is reached. Retry-After says when another request is allowed. It does not fit into the credits that are left; nothing was recorded. Retry-After gives the seconds until the day ends, or the month where its limit is the one reached. X-Should-Retry: false keeps SDKs from waiting for it. */
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
            /** @description Success. */
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
                /** @description Search text: a part of the e-mail address, name, label or prefix, case-insensitive. A text shorter than three characters matches only at the start. */
                q?: string;
                /** @description Maximum number of rows to return. */
                limit?: number;
                /** @description Number of rows to skip. */
                offset?: number;
                /** @description The id of the last row of the previous page. Use it to page through any number of rows. */
                after?: string;
                /** @description Your own id of a user, exactly: only that user. */
                external_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "external_id": "crm-4711",
                     *         "metadata": {
                     *           "team": "search"
                     *         },
                     *         "note": "Pays by invoice.",
                     *         "erased_at": null,
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
                 *       "role": "user",
                 *       "external_id": "crm-4711",
                 *       "metadata": {
                 *         "team": "search"
                 *       },
                 *       "note": "Pays by invoice."
                 *     }
                 */
                "application/json": components["schemas"]["CreateUserRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "external_id": "crm-4711",
                     *       "metadata": {
                     *         "team": "search"
                     *       },
                     *       "note": "Pays by invoice.",
                     *       "erased_at": null,
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
    adminUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "external_id": "crm-4711",
                     *       "metadata": {
                     *         "team": "search"
                     *       },
                     *       "note": "Pays by invoice.",
                     *       "erased_at": null,
                     *       "key_count": 2,
                     *       "credits_used_today": 89,
                     *       "created_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminUser"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
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
                 *       "role": "user",
                 *       "email": "ada@example.com",
                 *       "external_id": "crm-4711",
                 *       "metadata": {
                 *         "team": "search"
                 *       },
                 *       "note": "Pays by invoice."
                 *     }
                 */
                "application/json": components["schemas"]["ChangeUserRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "external_id": "crm-4711",
                     *       "metadata": {
                     *         "team": "search"
                     *       },
                     *       "note": "Pays by invoice.",
                     *       "erased_at": null,
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
            409: components["responses"]["conflict"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminExportUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "status": "active",
                     *         "plan": "Pro",
                     *         "role": "user",
                     *         "external_id": "crm-4711",
                     *         "metadata": {
                     *           "team": "search"
                     *         },
                     *         "note": "Pays by invoice.",
                     *         "erased_at": null,
                     *         "key_count": 2,
                     *         "credits_used_today": 89,
                     *         "created_at": "2026-03-04T12:00:00Z"
                     *       },
                     *       "sessions": [
                     *         {
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "last_seen_at": "2026-03-04T12:00:00Z",
                     *           "expires_at": "2026-03-04T12:00:00Z",
                     *           "address": "203.0.113.7",
                     *           "user_agent": "Mozilla/5.0"
                     *         }
                     *       ],
                     *       "dashboard_sessions": [
                     *         {
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "last_seen_at": "2026-03-04T12:00:00Z",
                     *           "expires_at": "2026-03-04T12:00:00Z",
                     *           "address": "203.0.113.7",
                     *           "user_agent": "Mozilla/5.0"
                     *         }
                     *       ],
                     *       "identities": [
                     *         {
                     *           "issuer": "https://login.example.com",
                     *           "subject": "248289761001"
                     *         }
                     *       ],
                     *       "alerts": {
                     *         "usage_from_percent": 80,
                     *         "used_up": true,
                     *         "key_expiring": true
                     *       },
                     *       "keys": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "user_email": "ada@example.com",
                     *           "prefix": "codexible_01234567",
                     *           "label": "Laptop",
                     *           "status": "active",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "last_used_at": "2026-03-04T12:00:00Z",
                     *           "revoked_at": "2026-03-04T12:00:00Z",
                     *           "expires_at": "2026-03-04T12:00:00Z",
                     *           "scopes": [
                     *             "models",
                     *             "usage"
                     *           ],
                     *           "allowed_addresses": [
                     *             "203.0.113.7",
                     *             "10.0.0.0/8"
                     *           ],
                     *           "models": [
                     *             "coder-large"
                     *           ],
                     *           "daily_credit_limit": 50,
                     *           "rate_limit_per_minute": 30,
                     *           "concurrency_limit": 4,
                     *           "metadata": {
                     *             "team": "search"
                     *           },
                     *           "created_by": "ada@example.com",
                     *           "created_by_key_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *         }
                     *       ],
                     *       "grants": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "credits": 500,
                     *           "used": 120,
                     *           "held": 12,
                     *           "left": 368,
                     *           "note": "Invoice 4711",
                     *           "created_by": "root@example.com",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "expires_at": "2026-03-04T12:00:00Z",
                     *           "revoked_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       ],
                     *       "corrections": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "credits": -20,
                     *           "day": "2026-03-04",
                     *           "reason": "The model returned errors.",
                     *           "created_by": "root@example.com",
                     *           "created_at": "2026-03-04T12:00:00Z"
                     *         }
                     *       ],
                     *       "holds": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "credits": 12,
                     *           "delivered": {
                     *             "credits": 7
                     *           },
                     *           "on_expiry": "release",
                     *           "model": "coder-large",
                     *           "request_id": "0f8fad5bd9cb469fa16570867728950e",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "expires_at": "2026-03-04T12:00:00Z",
                     *           "owner_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *         }
                     *       ],
                     *       "days": [
                     *         {
                     *           "date": "2026-03-04",
                     *           "credits_used": 89,
                     *           "request_count": 61,
                     *           "cost_usd": 1.2475
                     *         }
                     *       ],
                     *       "charges": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "model": "coder-large",
                     *           "prompt_tokens": 1200,
                     *           "completion_tokens": 340,
                     *           "cost_usd": 0.0125,
                     *           "credits": 2,
                     *           "tokens": {
                     *             "input_tokens": 1200,
                     *             "cache_read_tokens": 8000,
                     *             "cache_write_tokens": 0,
                     *             "cache_write_1h_tokens": 0,
                     *             "audio_input_tokens": 0,
                     *             "output_tokens": 340,
                     *             "audio_output_tokens": 0,
                     *             "reasoning_tokens": 0,
                     *             "requests": 1,
                     *             "web_searches": 0,
                     *             "service_tier": "flex"
                     *           },
                     *           "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "outcome": "complete",
                     *           "source": "reported",
                     *           "first_token_ms": 640,
                     *           "tokens_per_second": 81.4,
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "date": "2026-03-04"
                     *         }
                     *       ],
                     *       "requests": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "at": "2026-03-04T12:00:00Z",
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "email": "ada@example.com",
                     *           "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "key_prefix": "codexible_01234567",
                     *           "client_request_id": "0f8fad5b",
                     *           "model": "coder-large",
                     *           "endpoint": "chat.completions",
                     *           "streamed": true,
                     *           "status": 200,
                     *           "outcome": "complete",
                     *           "code": "insufficient_quota",
                     *           "upstream_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "upstream": "openai",
                     *           "upstream_key": "main",
                     *           "sticky": true,
                     *           "attempts": [
                     *             {
                     *               "upstream": "openai",
                     *               "key": "main",
                     *               "status": 200,
                     *               "error": null,
                     *               "start_ms": 3,
                     *               "took_ms": 5190,
                     *               "cost_usd": 0
                     *             }
                     *           ],
                     *           "source": "reported",
                     *           "tokens": {
                     *             "input_tokens": 1200,
                     *             "cache_read_tokens": 8000,
                     *             "cache_write_tokens": 0,
                     *             "cache_write_1h_tokens": 0,
                     *             "audio_input_tokens": 0,
                     *             "output_tokens": 340,
                     *             "audio_output_tokens": 0,
                     *             "reasoning_tokens": 0,
                     *             "requests": 1,
                     *             "web_searches": 0,
                     *             "service_tier": "flex"
                     *           },
                     *           "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "held": 12,
                     *           "credits": 3,
                     *           "uncollected": 0,
                     *           "cost_usd": 0.0125,
                     *           "first_byte_ms": 210,
                     *           "first_token_ms": 640,
                     *           "took_ms": 5200
                     *         }
                     *       ],
                     *       "events": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "type": "key.created",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "payload": "{\"type\":\"key.created\",\"timestamp\":\"2026-11-28T10:00:00Z\",\"data\":{}}"
                     *         }
                     *       ],
                     *       "audit": [
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
                    "application/json": components["schemas"]["PersonExport"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminEraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "confirm": "ada@example.com"
                 *     }
                 */
                "application/json": components["schemas"]["EraseRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "email": "ada@example.com",
                     *         "name": "Ada Lovelace",
                     *         "status": "active",
                     *         "plan": "Pro",
                     *         "role": "user",
                     *         "external_id": "crm-4711",
                     *         "metadata": {
                     *           "team": "search"
                     *         },
                     *         "note": "Pays by invoice.",
                     *         "erased_at": null,
                     *         "key_count": 2,
                     *         "credits_used_today": 89,
                     *         "created_at": "2026-03-04T12:00:00Z"
                     *       },
                     *       "keys_revoked": 2,
                     *       "entries_rewritten": 14,
                     *       "log_emptied": false
                     *     }
                     */
                    "application/json": components["schemas"]["Erased"];
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
    adminGrants: {
        parameters: {
            query?: {
                /** @description Maximum number of rows to return. */
                limit?: number;
                /** @description Number of rows to skip. */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "credits": 500,
                     *         "used": 120,
                     *         "held": 12,
                     *         "left": 368,
                     *         "note": "Invoice 4711",
                     *         "created_by": "root@example.com",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z",
                     *         "revoked_at": "2026-03-04T12:00:00Z"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["Grant"][];
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
    adminCreateGrant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "credits": 500,
                 *       "expires_at": "2027-01-01T00:00:00Z",
                 *       "note": "Invoice 4711",
                 *       "idempotency_key": "invoice-4711"
                 *     }
                 */
                "application/json": components["schemas"]["CreateGrantRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "credits": 500,
                     *       "used": 120,
                     *       "held": 12,
                     *       "left": 368,
                     *       "note": "Invoice 4711",
                     *       "created_by": "root@example.com",
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "expires_at": "2026-03-04T12:00:00Z",
                     *       "revoked_at": "2026-03-04T12:00:00Z",
                     *       "duplicate": false
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedGrant"];
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
    adminRevokeGrant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
                /** @description The grant's id. */
                grant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "revoked": true,
                     *       "credits": 368
                     *     }
                     */
                    "application/json": components["schemas"]["RevokedGrant"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCorrections: {
        parameters: {
            query?: {
                /** @description Maximum number of rows to return. */
                limit?: number;
                /** @description Number of rows to skip. */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "credits": -20,
                     *         "day": "2026-03-04",
                     *         "reason": "The model returned errors.",
                     *         "created_by": "root@example.com",
                     *         "created_at": "2026-03-04T12:00:00Z"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["Correction"][];
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
    adminCorrect: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The user's id, or external: and your own id of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "credits": -20,
                 *       "reason": "The model returned errors.",
                 *       "day": "2026-03-04",
                 *       "idempotency_key": "ticket-4711"
                 *     }
                 */
                "application/json": components["schemas"]["CorrectRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "credits": -20,
                     *       "day": "2026-03-04",
                     *       "reason": "The model returned errors.",
                     *       "created_by": "root@example.com",
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "credits_used": 71,
                     *       "duplicate": false
                     *     }
                     */
                    "application/json": components["schemas"]["MadeCorrection"];
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
    adminHolds: {
        parameters: {
            query?: {
                /** @description Only holds of this user. */
                user_id?: string;
                /** @description Only holds of this key. */
                key_id?: string;
                /** @description Maximum number of holds to return. */
                limit?: number;
                /** @description The id of the last hold of the previous page. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "credits": 12,
                     *         "delivered": {
                     *           "credits": 7
                     *         },
                     *         "on_expiry": "release",
                     *         "model": "coder-large",
                     *         "request_id": "0f8fad5bd9cb469fa16570867728950e",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "expires_at": "2026-03-04T12:00:00Z",
                     *         "owner_id": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminHold"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminReleaseHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The hold's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "released": true
                     *     }
                     */
                    "application/json": components["schemas"]["Released"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminKeys: {
        parameters: {
            query?: {
                /** @description Search text: a part of the e-mail address, name, label or prefix, case-insensitive. A text shorter than three characters matches only at the start. */
                q?: string;
                /** @description Maximum number of rows to return. */
                limit?: number;
                /** @description Number of rows to skip. */
                offset?: number;
                /** @description The id of the last row of the previous page. Use it to page through any number of rows. */
                after?: string;
                /** @description Your own id of a user, exactly: only that user. */
                external_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "models": [
                     *           "coder-large"
                     *         ],
                     *         "daily_credit_limit": 50,
                     *         "rate_limit_per_minute": 30,
                     *         "concurrency_limit": 4,
                     *         "metadata": {
                     *           "team": "search"
                     *         },
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
                 *       "status": "active",
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "daily_credit_limit": 50,
                 *       "rate_limit_per_minute": 30,
                 *       "concurrency_limit": 4,
                 *       "metadata": {
                 *         "team": "search"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["AdminCreateKeyRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                /** @description Whether to also revoke the keys that this key created, directly or indirectly. */
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
            /** @description Success. */
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
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "status": "active",
                 *       "daily_credit_limit": 50,
                 *       "rate_limit_per_minute": 30,
                 *       "concurrency_limit": 4,
                 *       "metadata": {
                 *         "team": "search"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["ChangeKeyRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                /** @description The key's id, which does not change. */
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
            /** @description Success. */
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
            /** @description Success. */
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
                     *         "monthly_credit_limit": 5000,
                     *         "price_cents": 3000,
                     *         "rate_limit_per_minute": 100,
                     *         "user_rate_limit_per_minute": 300,
                     *         "user_concurrency_limit": 10,
                     *         "max_keys": 20,
                     *         "models": [
                     *           "coder-large"
                     *         ],
                     *         "position": 1,
                     *         "is_default": false,
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
                 *       "monthly_credit_limit": 5000,
                 *       "price_cents": 3000,
                 *       "rate_limit_per_minute": 100,
                 *       "user_rate_limit_per_minute": 300,
                 *       "user_concurrency_limit": 10,
                 *       "max_keys": 20,
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "features": {
                 *         "priority": true
                 *       },
                 *       "archived": false,
                 *       "position": 1,
                 *       "is_default": false
                 *     }
                 */
                "application/json": components["schemas"]["CreatePlanRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "monthly_credit_limit": 5000,
                     *       "price_cents": 3000,
                     *       "rate_limit_per_minute": 100,
                     *       "user_rate_limit_per_minute": 300,
                     *       "user_concurrency_limit": 10,
                     *       "max_keys": 20,
                     *       "models": [
                     *         "coder-large"
                     *       ],
                     *       "position": 1,
                     *       "is_default": false,
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
                 *       "monthly_credit_limit": 5000,
                 *       "price_cents": 3000,
                 *       "rate_limit_per_minute": 100,
                 *       "user_rate_limit_per_minute": 300,
                 *       "user_concurrency_limit": 10,
                 *       "max_keys": 20,
                 *       "models": [
                 *         "coder-large"
                 *       ],
                 *       "features": {
                 *         "priority": true
                 *       },
                 *       "archived": false,
                 *       "position": 1,
                 *       "is_default": false
                 *     }
                 */
                "application/json": components["schemas"]["ChangePlanRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "monthly_credit_limit": 5000,
                     *       "price_cents": 3000,
                     *       "rate_limit_per_minute": 100,
                     *       "user_rate_limit_per_minute": 300,
                     *       "user_concurrency_limit": 10,
                     *       "max_keys": 20,
                     *       "models": [
                     *         "coder-large"
                     *       ],
                     *       "position": 1,
                     *       "is_default": false,
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
    adminModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "name": "claude-sonnet-4-5",
                     *         "aliases": [],
                     *         "display_name": "Claude Sonnet 4.5",
                     *         "description": "For everyday coding.",
                     *         "context_window": 200000,
                     *         "output_allowance": 4096,
                     *         "overrun": "finish",
                     *         "hosted_tools": [],
                     *         "candidates": [
                     *           {
                     *             "upstream": "openai",
                     *             "model": null,
                     *             "weight": 1,
                     *             "priority": 1
                     *           }
                     *         ],
                     *         "plans": null,
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "price": {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "model": "claude-sonnet-4-5",
                     *           "valid_from": "2026-03-04T12:00:00Z",
                     *           "usd_per_million": {
                     *             "input": 3,
                     *             "output": 15,
                     *             "cache_read": 0.3,
                     *             "cache_write": 3.75,
                     *             "cache_write_1h": 6,
                     *             "audio_input": null,
                     *             "audio_output": null
                     *           },
                     *           "usd_per_request": 0,
                     *           "usd_per_web_search": 0.01,
                     *           "bands": [
                     *             {
                     *               "above_input_tokens": 200000,
                     *               "usd_per_million": {
                     *                 "input": 3,
                     *                 "output": 15,
                     *                 "cache_read": 0.3,
                     *                 "cache_write": 3.75,
                     *                 "cache_write_1h": 6,
                     *                 "audio_input": null,
                     *                 "audio_output": null
                     *               }
                     *             }
                     *           ],
                     *           "tiers": {},
                     *           "charge": {
                     *             "mode": "cost",
                     *             "credits": null,
                     *             "percent": 120,
                     *             "credit_value_usd": 0.01
                     *           },
                     *           "source": "manual",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "created_by": "root@example.com",
                     *           "in_force": false,
                     *           "ends_at": null
                     *         }
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminModel"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreateModel: {
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
                 *       "name": "claude-sonnet-4-5",
                 *       "aliases": [],
                 *       "display_name": "Claude Sonnet 4.5",
                 *       "description": "For everyday coding.",
                 *       "context_window": 200000,
                 *       "output_allowance": 8192,
                 *       "overrun": "finish",
                 *       "hosted_tools": [],
                 *       "candidates": [
                 *         {
                 *           "upstream": "openai",
                 *           "model": "gpt-5-mini",
                 *           "weight": 1,
                 *           "priority": 1
                 *         }
                 *       ],
                 *       "plans": [
                 *         "Pro"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CreateModelRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "name": "claude-sonnet-4-5",
                     *       "aliases": [],
                     *       "display_name": "Claude Sonnet 4.5",
                     *       "description": "For everyday coding.",
                     *       "context_window": 200000,
                     *       "output_allowance": 4096,
                     *       "overrun": "finish",
                     *       "hosted_tools": [],
                     *       "candidates": [
                     *         {
                     *           "upstream": "openai",
                     *           "model": null,
                     *           "weight": 1,
                     *           "priority": 1
                     *         }
                     *       ],
                     *       "plans": null,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "price": {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "model": "claude-sonnet-4-5",
                     *         "valid_from": "2026-03-04T12:00:00Z",
                     *         "usd_per_million": {
                     *           "input": 3,
                     *           "output": 15,
                     *           "cache_read": 0.3,
                     *           "cache_write": 3.75,
                     *           "cache_write_1h": 6,
                     *           "audio_input": null,
                     *           "audio_output": null
                     *         },
                     *         "usd_per_request": 0,
                     *         "usd_per_web_search": 0.01,
                     *         "bands": [
                     *           {
                     *             "above_input_tokens": 200000,
                     *             "usd_per_million": {
                     *               "input": 3,
                     *               "output": 15,
                     *               "cache_read": 0.3,
                     *               "cache_write": 3.75,
                     *               "cache_write_1h": 6,
                     *               "audio_input": null,
                     *               "audio_output": null
                     *             }
                     *           }
                     *         ],
                     *         "tiers": {},
                     *         "charge": {
                     *           "mode": "cost",
                     *           "credits": null,
                     *           "percent": 120,
                     *           "credit_value_usd": 0.01
                     *         },
                     *         "source": "manual",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "created_by": "root@example.com",
                     *         "in_force": false,
                     *         "ends_at": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AdminModel"];
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
    adminDeleteModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The model's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "deleted": true
                     *     }
                     */
                    "application/json": components["schemas"]["DeletedModel"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The model's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "claude-sonnet-4-5",
                 *       "aliases": [],
                 *       "display_name": "Claude Sonnet 4.5",
                 *       "description": "For everyday coding.",
                 *       "context_window": 200000,
                 *       "output_allowance": 8192,
                 *       "overrun": "finish",
                 *       "hosted_tools": [],
                 *       "candidates": [
                 *         {
                 *           "upstream": "openai",
                 *           "model": "gpt-5-mini",
                 *           "weight": 1,
                 *           "priority": 1
                 *         }
                 *       ],
                 *       "plans": [
                 *         "Pro"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ChangeModelRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "name": "claude-sonnet-4-5",
                     *       "aliases": [],
                     *       "display_name": "Claude Sonnet 4.5",
                     *       "description": "For everyday coding.",
                     *       "context_window": 200000,
                     *       "output_allowance": 4096,
                     *       "overrun": "finish",
                     *       "hosted_tools": [],
                     *       "candidates": [
                     *         {
                     *           "upstream": "openai",
                     *           "model": null,
                     *           "weight": 1,
                     *           "priority": 1
                     *         }
                     *       ],
                     *       "plans": null,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "price": {
                     *         "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "model": "claude-sonnet-4-5",
                     *         "valid_from": "2026-03-04T12:00:00Z",
                     *         "usd_per_million": {
                     *           "input": 3,
                     *           "output": 15,
                     *           "cache_read": 0.3,
                     *           "cache_write": 3.75,
                     *           "cache_write_1h": 6,
                     *           "audio_input": null,
                     *           "audio_output": null
                     *         },
                     *         "usd_per_request": 0,
                     *         "usd_per_web_search": 0.01,
                     *         "bands": [
                     *           {
                     *             "above_input_tokens": 200000,
                     *             "usd_per_million": {
                     *               "input": 3,
                     *               "output": 15,
                     *               "cache_read": 0.3,
                     *               "cache_write": 3.75,
                     *               "cache_write_1h": 6,
                     *               "audio_input": null,
                     *               "audio_output": null
                     *             }
                     *           }
                     *         ],
                     *         "tiers": {},
                     *         "charge": {
                     *           "mode": "cost",
                     *           "credits": null,
                     *           "percent": 120,
                     *           "credit_value_usd": 0.01
                     *         },
                     *         "source": "manual",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "created_by": "root@example.com",
                     *         "in_force": false,
                     *         "ends_at": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["AdminModel"];
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
    adminUpstreams: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "name": "openai",
                     *         "kind": "openai",
                     *         "base_url": "https://api.openai.com/v1",
                     *         "wires": [
                     *           "chat",
                     *           "responses"
                     *         ],
                     *         "keys": [
                     *           {
                     *             "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *             "name": "key 1",
                     *             "source": "stored",
                     *             "ref": "env:UPSTREAM_OPENAI",
                     *             "ends_with": null,
                     *             "enabled": true,
                     *             "disabled_at": null,
                     *             "disabled_reason": null,
                     *             "problem": null,
                     *             "rests_until": null
                     *           }
                     *         ],
                     *         "headers": [],
                     *         "weight": 1,
                     *         "priority": 1,
                     *         "first_byte_timeout_seconds": 300,
                     *         "idle_timeout_seconds": 300,
                     *         "on_client_gone": "cancel",
                     *         "daily_limit_usd": 50,
                     *         "shared_state": false,
                     *         "enabled": true,
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "problem": null,
                     *         "rests_until": null,
                     *         "recent_failures": 0
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminUpstream"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreateUpstream: {
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
                 *       "name": "openai",
                 *       "kind": "openai",
                 *       "base_url": "https://api.openai.com/v1",
                 *       "wires": [
                 *         "chat"
                 *       ],
                 *       "keys": [
                 *         {
                 *           "name": "main",
                 *           "ref": "env:UPSTREAM_OPENAI",
                 *           "enabled": true
                 *         }
                 *       ],
                 *       "headers": {},
                 *       "weight": 1,
                 *       "priority": 1,
                 *       "first_byte_timeout_seconds": 300,
                 *       "idle_timeout_seconds": 300,
                 *       "on_client_gone": "cancel",
                 *       "daily_limit_usd": 50,
                 *       "shared_state": false,
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["CreateUpstreamRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "name": "openai",
                     *       "kind": "openai",
                     *       "base_url": "https://api.openai.com/v1",
                     *       "wires": [
                     *         "chat",
                     *         "responses"
                     *       ],
                     *       "keys": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "name": "key 1",
                     *           "source": "stored",
                     *           "ref": "env:UPSTREAM_OPENAI",
                     *           "ends_with": null,
                     *           "enabled": true,
                     *           "disabled_at": null,
                     *           "disabled_reason": null,
                     *           "problem": null,
                     *           "rests_until": null
                     *         }
                     *       ],
                     *       "headers": [],
                     *       "weight": 1,
                     *       "priority": 1,
                     *       "first_byte_timeout_seconds": 300,
                     *       "idle_timeout_seconds": 300,
                     *       "on_client_gone": "cancel",
                     *       "daily_limit_usd": 50,
                     *       "shared_state": false,
                     *       "enabled": true,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "problem": null,
                     *       "rests_until": null,
                     *       "recent_failures": 0
                     *     }
                     */
                    "application/json": components["schemas"]["AdminUpstream"];
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
    adminDeleteUpstream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The upstream's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "deleted": true
                     *     }
                     */
                    "application/json": components["schemas"]["DeletedUpstream"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeUpstream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The upstream's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "openai",
                 *       "kind": "openai",
                 *       "base_url": "https://api.openai.com/v1",
                 *       "wires": [
                 *         "chat"
                 *       ],
                 *       "keys": [
                 *         {
                 *           "name": "main",
                 *           "ref": "env:UPSTREAM_OPENAI",
                 *           "enabled": true
                 *         }
                 *       ],
                 *       "headers": {},
                 *       "weight": 1,
                 *       "priority": 1,
                 *       "first_byte_timeout_seconds": 300,
                 *       "idle_timeout_seconds": 300,
                 *       "on_client_gone": "cancel",
                 *       "daily_limit_usd": 50,
                 *       "shared_state": false,
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["ChangeUpstreamRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "name": "openai",
                     *       "kind": "openai",
                     *       "base_url": "https://api.openai.com/v1",
                     *       "wires": [
                     *         "chat",
                     *         "responses"
                     *       ],
                     *       "keys": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "name": "key 1",
                     *           "source": "stored",
                     *           "ref": "env:UPSTREAM_OPENAI",
                     *           "ends_with": null,
                     *           "enabled": true,
                     *           "disabled_at": null,
                     *           "disabled_reason": null,
                     *           "problem": null,
                     *           "rests_until": null
                     *         }
                     *       ],
                     *       "headers": [],
                     *       "weight": 1,
                     *       "priority": 1,
                     *       "first_byte_timeout_seconds": 300,
                     *       "idle_timeout_seconds": 300,
                     *       "on_client_gone": "cancel",
                     *       "daily_limit_usd": 50,
                     *       "shared_state": false,
                     *       "enabled": true,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "problem": null,
                     *       "rests_until": null,
                     *       "recent_failures": 0
                     *     }
                     */
                    "application/json": components["schemas"]["AdminUpstream"];
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
    adminTestUpstream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The upstream's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "model": "gpt-5-mini"
                 *     }
                 */
                "application/json": components["schemas"]["TestUpstreamRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "ok": true,
                     *       "status": 200,
                     *       "first_byte_ms": 212,
                     *       "message": "the upstream answers"
                     *     }
                     */
                    "application/json": components["schemas"]["TestedUpstream"];
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
    adminPrices: {
        parameters: {
            query?: {
                /** @description A model's name or alias. If absent: all. */
                model?: string;
                /** @description Maximum number of prices to return. */
                limit?: number;
                /** @description The id of the last price of the previous page. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "model": "claude-sonnet-4-5",
                     *         "valid_from": "2026-03-04T12:00:00Z",
                     *         "usd_per_million": {
                     *           "input": 3,
                     *           "output": 15,
                     *           "cache_read": 0.3,
                     *           "cache_write": 3.75,
                     *           "cache_write_1h": 6,
                     *           "audio_input": null,
                     *           "audio_output": null
                     *         },
                     *         "usd_per_request": 0,
                     *         "usd_per_web_search": 0.01,
                     *         "bands": [
                     *           {
                     *             "above_input_tokens": 200000,
                     *             "usd_per_million": {
                     *               "input": 3,
                     *               "output": 15,
                     *               "cache_read": 0.3,
                     *               "cache_write": 3.75,
                     *               "cache_write_1h": 6,
                     *               "audio_input": null,
                     *               "audio_output": null
                     *             }
                     *           }
                     *         ],
                     *         "tiers": {},
                     *         "charge": {
                     *           "mode": "cost",
                     *           "credits": null,
                     *           "percent": 120,
                     *           "credit_value_usd": 0.01
                     *         },
                     *         "source": "manual",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "created_by": "root@example.com",
                     *         "in_force": false,
                     *         "ends_at": null
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminPrice"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminSetPrice: {
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
                 *       "model": "claude-sonnet-4-5",
                 *       "valid_from": "2026-04-01T00:00:00Z",
                 *       "usd_per_million": {
                 *         "input": 3,
                 *         "output": 15,
                 *         "cache_read": 0.3,
                 *         "cache_write": 3.75,
                 *         "cache_write_1h": 6,
                 *         "audio_input": 3,
                 *         "audio_output": 15
                 *       },
                 *       "usd_per_request": 0,
                 *       "usd_per_web_search": 0.01,
                 *       "bands": [
                 *         {
                 *           "above_input_tokens": 200000,
                 *           "usd_per_million": {
                 *             "input": 3,
                 *             "output": 15,
                 *             "cache_read": 0.3,
                 *             "cache_write": 3.75,
                 *             "cache_write_1h": 6,
                 *             "audio_input": 3,
                 *             "audio_output": 15
                 *           }
                 *         }
                 *       ],
                 *       "tiers": {
                 *         "flex": {
                 *           "input": 1.5,
                 *           "output": 7.5
                 *         }
                 *       },
                 *       "charge": {
                 *         "mode": "cost",
                 *         "credits": 0,
                 *         "percent": 120,
                 *         "credit_value_usd": 0.01
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SetPriceRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "model": "claude-sonnet-4-5",
                     *       "valid_from": "2026-03-04T12:00:00Z",
                     *       "usd_per_million": {
                     *         "input": 3,
                     *         "output": 15,
                     *         "cache_read": 0.3,
                     *         "cache_write": 3.75,
                     *         "cache_write_1h": 6,
                     *         "audio_input": null,
                     *         "audio_output": null
                     *       },
                     *       "usd_per_request": 0,
                     *       "usd_per_web_search": 0.01,
                     *       "bands": [
                     *         {
                     *           "above_input_tokens": 200000,
                     *           "usd_per_million": {
                     *             "input": 3,
                     *             "output": 15,
                     *             "cache_read": 0.3,
                     *             "cache_write": 3.75,
                     *             "cache_write_1h": 6,
                     *             "audio_input": null,
                     *             "audio_output": null
                     *           }
                     *         }
                     *       ],
                     *       "tiers": {},
                     *       "charge": {
                     *         "mode": "cost",
                     *         "credits": null,
                     *         "percent": 120,
                     *         "credit_value_usd": 0.01
                     *       },
                     *       "source": "manual",
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "created_by": "root@example.com",
                     *       "in_force": false,
                     *       "ends_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["AdminPrice"];
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
    adminQuote: {
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
                 *       "model": "claude-sonnet-4-5",
                 *       "usage": {
                 *         "model": "claude-sonnet-4-5",
                 *         "input_tokens": 1200,
                 *         "cache_read_tokens": 8000,
                 *         "cache_write_tokens": 0,
                 *         "cache_write_1h_tokens": 0,
                 *         "audio_input_tokens": 0,
                 *         "output_tokens": 340,
                 *         "audio_output_tokens": 0,
                 *         "reasoning_tokens": 0,
                 *         "requests": 1,
                 *         "web_searches": 0,
                 *         "service_tier": "flex"
                 *       },
                 *       "at": "2026-04-01T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["QuoteRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "cost_usd": 0.0381,
                     *       "exact_cost_usd": 0.0381,
                     *       "credits": 3.81,
                     *       "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "model": "claude-sonnet-4-5",
                     *       "valid_from": "2026-03-04T12:00:00Z",
                     *       "tier": null,
                     *       "tier_is_dearest": false,
                     *       "above_input_tokens": null,
                     *       "charge": {
                     *         "mode": "cost",
                     *         "credits": null,
                     *         "percent": 120,
                     *         "credit_value_usd": 0.01
                     *       },
                     *       "lines": [
                     *         {
                     *           "bucket": "cache_read",
                     *           "tokens": 50000,
                     *           "usd_per_million": 0.3,
                     *           "count": null,
                     *           "usd_each": null,
                     *           "cost_usd": 0.015
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Quoted"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            413: components["responses"]["payload_too_large"];
            415: components["responses"]["unsupported_media_type"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminImportPrices: {
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
                 *       "source": "shipped",
                 *       "list": {
                 *         "coder-large": {
                 *           "mode": "chat",
                 *           "input_cost_per_token": 0.000003,
                 *           "output_cost_per_token": 0.000015
                 *         }
                 *       },
                 *       "models": [
                 *         "claude-*"
                 *       ],
                 *       "percent": 120,
                 *       "credit_value_usd": 0.01,
                 *       "apply": false
                 *     }
                 */
                "application/json": components["schemas"]["ImportPricesRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "applied": false,
                     *       "source": "genai-prices 0.1.5",
                     *       "counts": {
                     *         "new": 12,
                     *         "changed": 3,
                     *         "unchanged": 140,
                     *         "unread": 5
                     *       },
                     *       "items": [
                     *         {
                     *           "model": "claude-sonnet-4-5",
                     *           "action": "new",
                     *           "before": {
                     *             "valid_from": "2026-03-04T12:00:00Z",
                     *             "usd_per_million": {
                     *               "input": 3,
                     *               "output": 15,
                     *               "cache_read": 0.3,
                     *               "cache_write": 3.75,
                     *               "cache_write_1h": 6,
                     *               "audio_input": null,
                     *               "audio_output": null
                     *             },
                     *             "usd_per_request": 0,
                     *             "usd_per_web_search": 0.01,
                     *             "bands": [
                     *               {
                     *                 "above_input_tokens": 200000,
                     *                 "usd_per_million": {
                     *                   "input": 3,
                     *                   "output": 15,
                     *                   "cache_read": 0.3,
                     *                   "cache_write": 3.75,
                     *                   "cache_write_1h": 6,
                     *                   "audio_input": null,
                     *                   "audio_output": null
                     *                 }
                     *               }
                     *             ],
                     *             "tiers": {},
                     *             "charge": {
                     *               "mode": "cost",
                     *               "credits": null,
                     *               "percent": 120,
                     *               "credit_value_usd": 0.01
                     *             }
                     *           },
                     *           "after": {
                     *             "valid_from": "2026-03-04T12:00:00Z",
                     *             "usd_per_million": {
                     *               "input": 3,
                     *               "output": 15,
                     *               "cache_read": 0.3,
                     *               "cache_write": 3.75,
                     *               "cache_write_1h": 6,
                     *               "audio_input": null,
                     *               "audio_output": null
                     *             },
                     *             "usd_per_request": 0,
                     *             "usd_per_web_search": 0.01,
                     *             "bands": [
                     *               {
                     *                 "above_input_tokens": 200000,
                     *                 "usd_per_million": {
                     *                   "input": 3,
                     *                   "output": 15,
                     *                   "cache_read": 0.3,
                     *                   "cache_write": 3.75,
                     *                   "cache_write_1h": 6,
                     *                   "audio_input": null,
                     *                   "audio_output": null
                     *                 }
                     *               }
                     *             ],
                     *             "tiers": {},
                     *             "charge": {
                     *               "mode": "cost",
                     *               "credits": null,
                     *               "percent": 120,
                     *               "credit_value_usd": 0.01
                     *             }
                     *           }
                     *         }
                     *       ],
                     *       "unread": [
                     *         {
                     *           "model": "coder-free",
                     *           "reason": "it costs nothing in the list; if that is so, set its price yourself"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ImportedPrices"];
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
    adminRequests: {
        parameters: {
            query?: {
                /** @description Only requests of this user. */
                user_id?: string;
                /** @description Only requests of this key. */
                key_id?: string;
                /** @description Only requests of the model of this name. */
                model?: string;
                /** @description Only requests whose last attempt called this upstream. */
                upstream_id?: string;
                /** @description Only requests that ended so. */
                outcome?: "complete" | "stopped" | "client_gone" | "upstream_error" | "interrupted" | "refused";
                /** @description Only requests that arrived then or later. */
                since?: string;
                /** @description Only requests that arrived before. */
                until?: string;
                /** @description Maximum number of requests to return. */
                limit?: number;
                /** @description next of the previous page. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "requests": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "at": "2026-03-04T12:00:00Z",
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "email": "ada@example.com",
                     *           "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "key_prefix": "codexible_01234567",
                     *           "client_request_id": "0f8fad5b",
                     *           "model": "coder-large",
                     *           "endpoint": "chat.completions",
                     *           "streamed": true,
                     *           "status": 200,
                     *           "outcome": "complete",
                     *           "code": "insufficient_quota",
                     *           "upstream_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "upstream": "openai",
                     *           "upstream_key": "main",
                     *           "sticky": true,
                     *           "attempts": [
                     *             {
                     *               "upstream": "openai",
                     *               "key": "main",
                     *               "status": 200,
                     *               "error": null,
                     *               "start_ms": 3,
                     *               "took_ms": 5190,
                     *               "cost_usd": 0
                     *             }
                     *           ],
                     *           "source": "reported",
                     *           "tokens": {
                     *             "input_tokens": 1200,
                     *             "cache_read_tokens": 8000,
                     *             "cache_write_tokens": 0,
                     *             "cache_write_1h_tokens": 0,
                     *             "audio_input_tokens": 0,
                     *             "output_tokens": 340,
                     *             "audio_output_tokens": 0,
                     *             "reasoning_tokens": 0,
                     *             "requests": 1,
                     *             "web_searches": 0,
                     *             "service_tier": "flex"
                     *           },
                     *           "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "held": 12,
                     *           "credits": 3,
                     *           "uncollected": 0,
                     *           "cost_usd": 0.0125,
                     *           "first_byte_ms": 210,
                     *           "first_token_ms": 640,
                     *           "took_ms": 5200
                     *         }
                     *       ],
                     *       "next": "0190163d-8694-739b-aea5-966c26f8ad91"
                     *     }
                     */
                    "application/json": components["schemas"]["RequestList"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the request. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "at": "2026-03-04T12:00:00Z",
                     *       "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "email": "ada@example.com",
                     *       "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "key_prefix": "codexible_01234567",
                     *       "client_request_id": "0f8fad5b",
                     *       "model": "coder-large",
                     *       "endpoint": "chat.completions",
                     *       "streamed": true,
                     *       "status": 200,
                     *       "outcome": "complete",
                     *       "code": "insufficient_quota",
                     *       "upstream_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "upstream": "openai",
                     *       "upstream_key": "main",
                     *       "sticky": true,
                     *       "attempts": [
                     *         {
                     *           "upstream": "openai",
                     *           "key": "main",
                     *           "status": 200,
                     *           "error": null,
                     *           "start_ms": 3,
                     *           "took_ms": 5190,
                     *           "cost_usd": 0
                     *         }
                     *       ],
                     *       "source": "reported",
                     *       "tokens": {
                     *         "input_tokens": 1200,
                     *         "cache_read_tokens": 8000,
                     *         "cache_write_tokens": 0,
                     *         "cache_write_1h_tokens": 0,
                     *         "audio_input_tokens": 0,
                     *         "output_tokens": 340,
                     *         "audio_output_tokens": 0,
                     *         "reasoning_tokens": 0,
                     *         "requests": 1,
                     *         "web_searches": 0,
                     *         "service_tier": "flex"
                     *       },
                     *       "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "held": 12,
                     *       "credits": 3,
                     *       "uncollected": 0,
                     *       "cost_usd": 0.0125,
                     *       "first_byte_ms": 210,
                     *       "first_token_ms": 640,
                     *       "took_ms": 5200
                     *     }
                     */
                    "application/json": components["schemas"]["AdminRequestItem"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "usage_thresholds": [
                     *         50,
                     *         80,
                     *         100
                     *       ],
                     *       "name": "Acme AI",
                     *       "accent": "#0f766e",
                     *       "support_email": "help@example.com",
                     *       "support_url": "https://example.com/help",
                     *       "links": [
                     *         {
                     *           "label": "Terms",
                     *           "url": "https://example.com/terms"
                     *         }
                     *       ],
                     *       "logo": {
                     *         "url": "/api/appearance/logo?v=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                     *         "media_type": "image/png",
                     *         "bytes": 2048,
                     *         "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Settings"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeSettings: {
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
                 *       "usage_thresholds": [
                 *         50,
                 *         80,
                 *         100
                 *       ],
                 *       "name": "Acme AI",
                 *       "accent": "#0f766e",
                 *       "support_email": "help@example.com",
                 *       "support_url": "https://example.com/help",
                 *       "links": [
                 *         {
                 *           "label": "Terms",
                 *           "url": "https://example.com/terms"
                 *         }
                 *       ],
                 *       "logo": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
                 *     }
                 */
                "application/json": components["schemas"]["ChangeSettingsRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "usage_thresholds": [
                     *         50,
                     *         80,
                     *         100
                     *       ],
                     *       "name": "Acme AI",
                     *       "accent": "#0f766e",
                     *       "support_email": "help@example.com",
                     *       "support_url": "https://example.com/help",
                     *       "links": [
                     *         {
                     *           "label": "Terms",
                     *           "url": "https://example.com/terms"
                     *         }
                     *       ],
                     *       "logo": {
                     *         "url": "/api/appearance/logo?v=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                     *         "media_type": "image/png",
                     *         "bytes": 2048,
                     *         "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Settings"];
                };
            };
            400: components["responses"]["bad_request"];
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
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
                /** @description Search text: a part of the actor, acting key, action, target or details, case-insensitive. A text shorter than three characters matches only at the start. */
                q?: string;
                /** @description Only entries of this actor, exactly as the entries have it: an e-mail address, or cli, system or openid. */
                actor?: string;
                /** @description Only entries of this action, such as user.suspended; failures: of all actions that say that something went wrong. */
                action?: string;
                /** @description Only entries about this kind of thing. */
                subject?: "user" | "key" | "plan" | "model" | "price" | "upstream" | "request" | "webhook" | "setting" | "session" | "system";
                /** @description Only entries about the user, key, plan or other thing with this id. */
                subject_id?: string;
                /** @description Only entries with this target, exactly as the entries have it. */
                target?: string;
                /** @description Only entries of this day in UTC or later. */
                from?: string;
                /** @description Only entries of this day in UTC or earlier. */
                to?: string;
                /** @description Maximum number of entries to return. */
                limit?: number;
                /** @description next of the previous page. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       ],
                     *       "next": 4711
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
    adminUsage: {
        parameters: {
            query: {
                /** @description By what the sums are divided, separated by commas. hour is the hour of the day in UTC; plan is the one that the user has at present; upstream is the one that served a call under /v1. */
                group_by: ("day" | "hour" | "user" | "key" | "model" | "plan" | "upstream")[];
                /** @description The first day in UTC, included. If absent: 29 days before to. */
                from?: string;
                /** @description The last day in UTC, included, at most 365 days after from. If absent: today. */
                to?: string;
                /** @description Only usage of this user. */
                user_id?: string;
                /** @description Only usage of this key. Corrections belong to no key. */
                key_id?: string;
                /** @description Only usage of the model of this name. Corrections belong to no model. */
                model?: string;
                /** @description Only usage of users who have this plan at present: its name, case-insensitive. */
                plan?: string;
                /** @description Maximum number of sums to return. Has no effect on CSV. */
                limit?: number;
                /** @description next of the previous page, with the same group_by. Has no effect on CSV. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "usage": [
                     *         {
                     *           "date": "2026-03-04",
                     *           "hour": 14,
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "email": "ada@example.com",
                     *           "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "key_prefix": "codexible_01234567",
                     *           "key_label": "Laptop",
                     *           "model": "coder-large",
                     *           "plan_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "plan": "Pro",
                     *           "upstream_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "upstream": "openai",
                     *           "requests": 420,
                     *           "credits": 89,
                     *           "corrected_credits": 0,
                     *           "uncollected": 0,
                     *           "cost_usd": 1.2475,
                     *           "tokens": {
                     *             "input_tokens": 510000,
                     *             "cache_read_tokens": 8000,
                     *             "cache_write_tokens": 0,
                     *             "cache_write_1h_tokens": 0,
                     *             "audio_input_tokens": 0,
                     *             "output_tokens": 140000,
                     *             "audio_output_tokens": 0,
                     *             "reasoning_tokens": 0,
                     *             "web_searches": 0
                     *           }
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["UsageSumList"];
                    "text/csv": string;
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminUsageCharges: {
        parameters: {
            query?: {
                /** @description The first day in UTC, included. If absent: 29 days before to. */
                from?: string;
                /** @description The last day in UTC, included, at most 365 days after from. If absent: today. */
                to?: string;
                /** @description Only usage of this user. */
                user_id?: string;
                /** @description Only usage of this key. Corrections belong to no key. */
                key_id?: string;
                /** @description Only usage of the model of this name. Corrections belong to no model. */
                model?: string;
                /** @description Only usage of users who have this plan at present: its name, case-insensitive. */
                plan?: string;
                /** @description Maximum number of charges to return. Has no effect on CSV. */
                limit?: number;
                /** @description next of the previous page. Has no effect on CSV. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "charges": [
                     *         {
                     *           "id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "type": "charge",
                     *           "created_at": "2026-03-04T12:00:00Z",
                     *           "date": "2026-03-04",
                     *           "hour": 14,
                     *           "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "email": "ada@example.com",
                     *           "key_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "key_prefix": "codexible_01234567",
                     *           "key_label": "Laptop",
                     *           "model": "coder-large",
                     *           "plan_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "plan": "Pro",
                     *           "upstream_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "upstream": "openai",
                     *           "adjusts_id": null,
                     *           "price_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "service_tier": null,
                     *           "request_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *           "outcome": "complete",
                     *           "source": "reported",
                     *           "exact_credits": 1.250001,
                     *           "requests": 420,
                     *           "credits": 89,
                     *           "corrected_credits": 0,
                     *           "uncollected": 0,
                     *           "cost_usd": 1.2475,
                     *           "tokens": {
                     *             "input_tokens": 510000,
                     *             "cache_read_tokens": 8000,
                     *             "cache_write_tokens": 0,
                     *             "cache_write_1h_tokens": 0,
                     *             "audio_input_tokens": 0,
                     *             "output_tokens": 140000,
                     *             "audio_output_tokens": 0,
                     *             "reasoning_tokens": 0,
                     *             "web_searches": 0
                     *           }
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["UsageChargeList"];
                    "text/csv": string;
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            422: components["responses"]["validation_failed"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    appearance: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Acme AI",
                     *       "accent": "#0f766e",
                     *       "support_email": "help@example.com",
                     *       "support_url": "https://example.com/help",
                     *       "links": [
                     *         {
                     *           "label": "Terms",
                     *           "url": "https://example.com/terms"
                     *         }
                     *       ],
                     *       "logo": "/api/appearance/logo?v=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
                     *     }
                     */
                    "application/json": components["schemas"]["Appearance"];
                };
            };
            /** @description The response that has the ETag of If-None-Match is still the same. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            503: components["responses"]["service_unavailable"];
        };
    };
    logo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "image/png": string;
                    "image/svg+xml": string;
                };
            };
            /** @description The response that has the ETag of If-None-Match is still the same. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["not_found"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "url": "https://example.com/hooks",
                     *         "description": "billing",
                     *         "types": [
                     *           ""
                     *         ],
                     *         "enabled": true,
                     *         "overlaps_until": null,
                     *         "problem": null,
                     *         "created_at": "2026-03-04T12:00:00Z"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminWebhook"][];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminCreateWebhook: {
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
                 *       "url": "https://example.com/hooks",
                 *       "description": "billing",
                 *       "types": [
                 *         "key.created",
                 *         "key.revoked"
                 *       ],
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["CreateWebhookRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "url": "https://example.com/hooks",
                     *       "description": "billing",
                     *       "types": [
                     *         ""
                     *       ],
                     *       "enabled": true,
                     *       "overlaps_until": null,
                     *       "problem": null,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                     *     }
                     */
                    "application/json": components["schemas"]["SecretWebhook"];
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
    adminDeleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "deleted": true
                     *     }
                     */
                    "application/json": components["schemas"]["DeletedWebhook"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminChangeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "url": "https://example.com/hooks",
                 *       "description": "billing",
                 *       "types": [
                 *         "key.created",
                 *         "key.revoked"
                 *       ],
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["ChangeWebhookRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "url": "https://example.com/hooks",
                     *       "description": "billing",
                     *       "types": [
                     *         ""
                     *       ],
                     *       "enabled": true,
                     *       "overlaps_until": null,
                     *       "problem": null,
                     *       "created_at": "2026-03-04T12:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminWebhook"];
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
    adminRotateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "overlap_seconds": 86400
                 *     }
                 */
                "application/json": components["schemas"]["RotateWebhookRequest"];
            };
        };
        responses: {
            /** @description Success. */
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
                     *       "url": "https://example.com/hooks",
                     *       "description": "billing",
                     *       "types": [
                     *         ""
                     *       ],
                     *       "enabled": true,
                     *       "overlaps_until": null,
                     *       "problem": null,
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                     *     }
                     */
                    "application/json": components["schemas"]["SecretWebhook"];
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
    adminTestWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "type": "key.created",
                     *       "status": "pending",
                     *       "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "attempts": 2,
                     *       "tries": [
                     *         {
                     *           "at": "2026-03-04T12:00:00Z",
                     *           "status": 200,
                     *           "error": null,
                     *           "ms": 35
                     *         }
                     *       ],
                     *       "due_at": "2026-03-04T12:00:00Z",
                     *       "ended_at": "2026-03-04T12:00:00Z",
                     *       "answer": "ok",
                     *       "payload": "{\"type\":\"key.created\",\"timestamp\":\"2027-01-31T12:00:00Z\",\"data\":{}}"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminDelivery"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
    adminDeliveries: {
        parameters: {
            query?: {
                /** @description Only deliveries that are so far. */
                status?: "pending" | "delivered" | "failed";
                /** @description Only events of this type. */
                type?: string;
                /** @description Maximum number of deliveries to return. */
                limit?: number;
                /** @description The id of the last delivery of the previous page. */
                after?: string;
            };
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *         "type": "key.created",
                     *         "status": "pending",
                     *         "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *         "created_at": "2026-03-04T12:00:00Z",
                     *         "attempts": 2,
                     *         "tries": [
                     *           {
                     *             "at": "2026-03-04T12:00:00Z",
                     *             "status": 200,
                     *             "error": null,
                     *             "ms": 35
                     *           }
                     *         ],
                     *         "due_at": "2026-03-04T12:00:00Z",
                     *         "ended_at": "2026-03-04T12:00:00Z",
                     *         "answer": "ok",
                     *         "payload": "{\"type\":\"key.created\",\"timestamp\":\"2027-01-31T12:00:00Z\",\"data\":{}}"
                     *       }
                     *     ]
                     */
                    "application/json": components["schemas"]["AdminDelivery"][];
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
    adminRedeliver: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The webhook's id. */
                id: string;
                /** @description The delivery's id. */
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
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
                     *       "type": "key.created",
                     *       "status": "pending",
                     *       "user_id": "0190163d-8694-739b-aea5-966c26f8ad91",
                     *       "created_at": "2026-03-04T12:00:00Z",
                     *       "attempts": 2,
                     *       "tries": [
                     *         {
                     *           "at": "2026-03-04T12:00:00Z",
                     *           "status": 200,
                     *           "error": null,
                     *           "ms": 35
                     *         }
                     *       ],
                     *       "due_at": "2026-03-04T12:00:00Z",
                     *       "ended_at": "2026-03-04T12:00:00Z",
                     *       "answer": "ok",
                     *       "payload": "{\"type\":\"key.created\",\"timestamp\":\"2027-01-31T12:00:00Z\",\"data\":{}}"
                     *     }
                     */
                    "application/json": components["schemas"]["AdminDelivery"];
                };
            };
            401: components["responses"]["unauthorized"];
            403: components["responses"]["refused_key"];
            404: components["responses"]["not_found"];
            409: components["responses"]["conflict"];
            429: components["responses"]["rate_limited"];
            503: components["responses"]["service_unavailable"];
        };
    };
}
