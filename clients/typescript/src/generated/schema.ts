// Generated from docs/openapi.json by `npm run generate`; a test compares them.

export interface paths {
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys that verify access tokens */
        get: operations["jwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for another address
         * @description A mail goes there, and the account takes the address when its token comes back to `/auth/email/verify`. The present address
         *     is told. Whether somebody else has the new one is not said.
         */
        post: operations["changeEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Show by the token of a mail that its address is one's own
         * @description Of a mail that was sent because another address was asked for, the account takes that address now.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/invite/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept an invitation by the token of its mail, and be signed in */
        post: operations["acceptInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own account */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change what one says about oneself */
        patch: operations["editMe"];
        trace?: never;
    };
    "/api/v1/auth/oidc/{provider}/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Come back from a provider, signed in */
        get: operations["finishOidcSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/oidc/{provider}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Go to a provider to sign in */
        get: operations["startOidcSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change one's own password; other sessions end */
        put: operations["changePassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a mail by which a forgotten password can be set anew
         * @description The answer says nothing about whether there is such an account, and neither does the time it takes: a worker finds out.
         */
        post: operations["forgotPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a forgotten password anew; all sessions end */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep a session going: exchange a refresh token for its successor and a new access token */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open an account and be signed in to it */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own devices, newest sign-in first */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Sign one of one's own devices out */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Posts
         * @description Readers see published posts; editors see all.
         */
        get: operations["listPosts"];
        put?: never;
        /** Create a post */
        post: operations["createPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One post by its id or slug */
        get: operations["getPost"];
        put?: never;
        post?: never;
        /**
         * Archive a post
         * @description Archiving an archived post changes nothing.
         */
        delete: operations["archivePost"];
        options?: never;
        head?: never;
        /** Change a post */
        patch: operations["editPost"];
        trace?: never;
    };
    "/api/v1/posts/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publish a post */
        post: operations["publishPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/posts/{id}/unpublish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a post a draft again */
        post: operations["unpublishPost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List service tokens */
        get: operations["listServiceTokens"];
        put?: never;
        /**
         * Make a service token
         * @description The answer shows the token this once. It is not remembered, so an `Idempotency-Key` is ignored.
         */
        post: operations["createServiceToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service-tokens/{id}": {
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
         * Revoke a service token
         * @description It ends within seconds on every process.
         */
        delete: operations["revokeServiceToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant's settings */
        get: operations["getSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the tenant's settings
         * @description What is absent stays, also within `rateLimits`, `quotas` and `secrets`; `null` takes away what is set.
         */
        patch: operations["editSettings"];
        trace?: never;
    };
    "/api/v1/settings/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant's categories */
        get: operations["getCategories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tags by name */
        get: operations["listTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List people */
        get: operations["listUsers"];
        put?: never;
        /** Open an account for somebody */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/invite": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite somebody, or again
         * @description Whoever was invited before and has not accepted is sent another mail, with the name and role of this invitation.
         */
        post: operations["inviteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /** Delete an account, or erase its person */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        /** Change an account */
        patch: operations["editUser"];
        trace?: never;
    };
    "/api/v1/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give somebody another role */
        put: operations["changeRole"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process lives */
        get: operations["live"];
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
        /** Whether a command could be accepted */
        get: operations["ready"];
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
        /** @description Somebody accepts an invitation. */
        AcceptInvitation: {
            /** @description 8 to 128 characters, and none of the most common ones. */
            password: string;
            /** @description The token of the mail. */
            token: string;
            tokenDelivery?: components["schemas"]["TokenDelivery"] | null;
        };
        /** @description Who wrote something. */
        Author: {
            /** @description The person's picture. */
            avatarUrl: string | null;
            /**
             * Format: uuid
             * @description The account's id.
             */
            id: string;
            /** @description What the person is called; null in a query for the moment that a new account needs to be known everywhere. */
            name: string | null;
        };
        /** @description The categories of a tenant. */
        Categories: {
            /**
             * @description Their names.
             * @example [
             *       "tech",
             *       "lifestyle",
             *       "business"
             *     ]
             */
            categories: string[];
        };
        /** @description Another address. */
        ChangeEmail: {
            /**
             * Format: email
             * @description The address to come.
             */
            email: string;
            /** @description The account's password. */
            password: string;
        };
        /** @description Another password. */
        ChangePassword: {
            /** @description The present one. */
            current: string;
            /** @description The one to come. */
            new: string;
        };
        /** @description Another role. */
        ChangeRole: {
            /** @description What the person may do from now on. */
            role: components["schemas"]["Role"];
        };
        /** @description A token to be made. */
        CreateServiceToken: {
            /**
             * Format: date-time
             * @description When it ends by itself.
             */
            expiresAt?: string | null;
            /** @description What it is for. */
            name: string;
            /** @description What it opens. */
            scopes: components["schemas"]["TokenScope"][];
        };
        /** @description An admin opens an account for somebody. */
        CreateUser: {
            /**
             * Format: email
             * @description Where to reach the person; unique in the tenant, without case.
             */
            email: string;
            /** @description What the person is called. */
            name: string;
            /** @description 8 to 128 characters, and none of the most common ones. */
            password: string;
            /** @description What the person may do. */
            role: components["schemas"]["Role"];
        };
        /** @description What people change about themselves. */
        EditMe: {
            /** @description Another picture: an http(s) address or a path of this server. `null` for none. */
            avatarUrl?: string | null;
            /** @description Another name. */
            name?: string;
        };
        /** @description What changes of the settings. */
        EditSettings: {
            /** @description All origins, as a browser sends them: `https://shop.example`. */
            corsOrigins?: string[] | null;
            /**
             * @description An ISO 4217 code.
             * @example EUR
             */
            defaultCurrency?: string | null;
            /**
             * @description A BCP 47 tag; `null` for `en`.
             * @example de-CH
             */
            language?: string | null;
            /** @description Another name. */
            name?: string;
            quotas?: components["schemas"]["Quotas"] | null;
            rateLimits?: components["schemas"]["RateLimits"] | null;
            secrets?: components["schemas"]["NewSecrets"] | null;
            /**
             * Format: email
             * @description The address that mail comes from.
             */
            senderAddress?: string | null;
            /**
             * Format: uri
             * @description The front end: an http(s) address without query.
             */
            siteUrl?: string | null;
            /**
             * @description A name of the IANA time zone database; `null` for `UTC`.
             * @example Europe/Berlin
             */
            timeZone?: string | null;
        };
        /** @description What changes of an account. */
        EditUser: {
            /** @description Another picture: an http(s) address or a path of this server. `null` for none. */
            avatarUrl?: string | null;
            /**
             * Format: email
             * @description Another address; admins only.
             */
            email?: string;
            /** @description Another name. */
            name?: string;
        };
        /** @description What is left of a person who was erased. */
        Erasure: {
            /** Format: date-time */
            erasedAt: string;
            /** @description Names the key that was destroyed; `null` when nothing was ever sealed with one. */
            keyFingerprint: string | null;
            /**
             * Format: uuid
             * @description Who it was: the id of the account.
             */
            subject: string;
        };
        /** @description A field at fault. */
        FieldProblem: {
            /** @description `required`, `unknown_field`, `invalid`, `too_short`, `too_long`, `out_of_range`, `not_allowed` or, of a password, `too_weak`. */
            code: string;
            /** @description A sentence for the person who filled it in. */
            message: string;
            /** @description Where it is, as in `tags[3]` or `shippingAddress.city`. */
            path: string;
        };
        /** @description Somebody has forgotten a password. */
        ForgotPassword: {
            /**
             * Format: email
             * @description The account's address.
             */
            email: string;
        };
        /** @description How the process does. */
        Health: {
            /** @description What is wrong. */
            reasons: string[];
            /** @description `ready`, or `degraded` when something is wrong that stops no command. */
            status: components["schemas"]["HealthStatus"];
        };
        /**
         * @description A report in one word.
         * @enum {string}
         */
        HealthStatus: "live" | "ready" | "degraded";
        /** @description An admin invites somebody. */
        InviteUser: {
            /**
             * Format: email
             * @description Where to reach the person; unique in the tenant, without case.
             */
            email: string;
            /** @description What the person is called. */
            name: string;
            /** @description What the person may do. */
            role: components["schemas"]["Role"];
        };
        /** @description Somebody signs in. */
        Login: {
            /** @description The account's address. */
            email: string;
            /** @description Its password. */
            password: string;
            tokenDelivery?: components["schemas"]["TokenDelivery"] | null;
        };
        /** @description Somebody leaves. */
        Logout: {
            /** @description On all devices, not on this one alone. */
            everywhere?: boolean;
        };
        /** @description A post to be created. */
        NewPost: {
            /**
             * @description One of the tenant's categories.
             * @example tech
             */
            category: string;
            /** @description Its text. */
            content: string;
            /**
             * Format: uuid
             * @description The upload that is its cover.
             */
            coverImageId?: string | null;
            /**
             * Format: date-time
             * @description When it is published by itself; not together with `published`.
             */
            publishAt?: string | null;
            /**
             * @description Whether it is published at once.
             * @default false
             */
            published?: boolean | null;
            /** @description The words it is found by. */
            tags?: string[] | null;
            /** @description Its title; the slug is made from it. */
            title: string;
        };
        NewSecrets: {
            oidcClientSecret?: string | null;
            stripeSecretKey?: string | null;
            stripeWebhookSecret?: string | null;
        };
        /** @description A service token that was just made. */
        NewServiceToken: components["schemas"]["ServiceToken"] & {
            /** @description What to present as `Authorization: Bearer`. It is shown this once. */
            token: string;
        };
        /** @description A session that is open: a device, as its owner sees it. */
        OpenSession: {
            /** @description The address that it was last used from. */
            address: string | null;
            /** @description The program that it was last used with, as that calls itself. */
            agent: string | null;
            /**
             * Format: date-time
             * @description When somebody signed in.
             */
            createdAt: string;
            /** @description Whether it is the one that asks. */
            current: boolean;
            /**
             * Format: date-time
             * @description When it ends by itself, if it is not used before.
             */
            expiresAt: string;
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @description When its refresh token was last exchanged.
             */
            lastUsedAt: string;
        };
        /** @description A part of a list. */
        Paged_OpenSession: {
            /** @description The items in order. */
            data: {
                /** @description The address that it was last used from. */
                address: string | null;
                /** @description The program that it was last used with, as that calls itself. */
                agent: string | null;
                /**
                 * Format: date-time
                 * @description When somebody signed in.
                 */
                createdAt: string;
                /** @description Whether it is the one that asks. */
                current: boolean;
                /**
                 * Format: date-time
                 * @description When it ends by itself, if it is not used before.
                 */
                expiresAt: string;
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description When its refresh token was last exchanged.
                 */
                lastUsedAt: string;
            }[];
            /** @description Which part of the list they are. */
            pagination: components["schemas"]["Pagination"];
        };
        /** @description A part of a list. */
        Paged_PostSummary: {
            /** @description The items in order. */
            data: (components["schemas"]["PostCommon"] & {
                /** @description The beginning of its text. */
                excerpt: string;
            })[];
            /** @description Which part of the list they are. */
            pagination: components["schemas"]["Pagination"];
        };
        /** @description A part of a list. */
        Paged_ServiceToken: {
            /** @description The items in order. */
            data: {
                /** Format: date-time */
                createdAt: string;
                /**
                 * Format: uuid
                 * @description The admin who made it, in whose name posts are written with it.
                 */
                createdBy: string;
                /**
                 * Format: date-time
                 * @description When it ends by itself.
                 */
                expiresAt: string | null;
                /** Format: uuid */
                id: string;
                name: string;
                /** @description What it opens. */
                scopes: components["schemas"]["TokenScope"][];
                /** Format: date-time */
                updatedAt: string;
                /**
                 * Format: int64
                 * @description The aggregate's version.
                 */
                version: number;
            }[];
            /** @description Which part of the list they are. */
            pagination: components["schemas"]["Pagination"];
        };
        /** @description A part of a list. */
        Paged_Tag: {
            /** @description The items in order. */
            data: {
                /**
                 * Format: int64
                 * @description How many published posts have it.
                 */
                count: number;
                /** @description As it is spelled most often. */
                name: string;
            }[];
            /** @description Which part of the list they are. */
            pagination: components["schemas"]["Pagination"];
        };
        /** @description A part of a list. */
        Paged_User: {
            /** @description The items in order. */
            data: {
                avatarUrl: string | null;
                /** Format: date-time */
                createdAt: string;
                /** Format: email */
                email: string;
                /** @description Whether mail to that address is read by whom it belongs to. */
                emailVerified: boolean;
                /** Format: uuid */
                id: string;
                /** @description Whether the person was invited and has not accepted yet. */
                invited: boolean;
                name: string;
                role: components["schemas"]["Role"];
                /** Format: date-time */
                updatedAt: string;
                /**
                 * Format: int64
                 * @description The aggregate's version.
                 */
                version: number;
            }[];
            /** @description Which part of the list they are. */
            pagination: components["schemas"]["Pagination"];
        };
        /** @description Which part of a list an answer is: by number, or by cursor. */
        Pagination: {
            /**
             * Format: int32
             * @description Items in a page.
             */
            limit: number;
            /**
             * Format: int32
             * @description The page's number, from 1.
             */
            page: number;
            /**
             * Format: int64
             * @description Items in all.
             */
            total: number;
            /** @description Set when there may be more than `total`: counting stopped there. */
            totalIsAtLeast?: boolean;
            /**
             * Format: int64
             * @description Pages in all.
             */
            totalPages: number;
        } | {
            /**
             * Format: int32
             * @description Items in a page.
             */
            limit: number;
            /** @description The cursor of the next page; null at the end. */
            nextCursor: string | null;
        };
        /** @description A whole post. */
        Post: components["schemas"]["PostCommon"] & {
            /** @description Its text. */
            content: string;
            /** @description Whether the caller likes it; only when signed in. */
            likedByMe?: boolean;
        };
        /** @description What changes of a post: an absent field stays as it is. */
        PostChanges: {
            /** @description Another category. */
            category?: string;
            /** @description A new text. */
            content?: string;
            /**
             * Format: uuid
             * @description Another cover; null for none.
             */
            coverImageId?: string | null;
            /**
             * Format: date-time
             * @description When it is published by itself; null for never.
             */
            publishAt?: string | null;
            /** @description Other tags; null for none. */
            tags?: string[] | null;
            /** @description A new title; the slug stays. */
            title?: string;
        };
        PostCommon: {
            /** @description Who wrote it. */
            author: components["schemas"]["Author"];
            /** @description What it is filed under. */
            category: string;
            /**
             * Format: int64
             * @description How many comments it has, replies too.
             */
            commentCount: number;
            /**
             * Format: uuid
             * @description The upload that is its cover.
             */
            coverImageId: string | null;
            /**
             * Format: date-time
             * @description When it was created.
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: int64
             * @description How many like it.
             */
            likeCount: number;
            /**
             * Format: date-time
             * @description When it is to be published by itself; null when it is not.
             */
            publishAt: string | null;
            /**
             * Format: date-time
             * @description When it was published; null for a draft.
             */
            publishedAt: string | null;
            /**
             * @description Its name in addresses, for ever.
             * @example hello-world
             */
            slug: string;
            /** @description Who gets to see it. */
            status: components["schemas"]["PostStatus"];
            /** @description The words it is found by. */
            tags: string[];
            /** @description Its title. */
            title: string;
            /**
             * Format: date-time
             * @description When it last changed.
             */
            updatedAt: string;
            /**
             * Format: int64
             * @description Its version, as `If-Match` takes it.
             */
            version: number;
        };
        /** @enum {string} */
        PostStatus: "draft" | "published" | "archived";
        /** @description A post as lists show it. */
        PostSummary: components["schemas"]["PostCommon"] & {
            /** @description The beginning of its text. */
            excerpt: string;
        };
        /** @description A problem as it is sent. */
        Problem: {
            /**
             * @description The stable code.
             * @example EMAIL_CONFLICT
             */
            code: string;
            /** @description What was wrong this time. */
            detail?: string | null;
            /** @description The fields at fault, all of them. */
            errors?: components["schemas"]["FieldProblem"][];
            /** @description The request, as every log line names it. */
            requestId: string;
            /**
             * Format: int32
             * @description The HTTP status.
             * @example 409
             */
            status: number;
            /** @description What this code means. */
            title: string;
            /**
             * @description `urn:tidemark:problem:` and the code in lower case.
             * @example urn:tidemark:problem:email-conflict
             */
            type: string;
        };
        Quotas: {
            uploadBytes?: number | null;
            users?: number | null;
        };
        RateLimits: {
            anonymous?: number | null;
            refresh?: number | null;
            signIn?: number | null;
            signInAccount?: number | null;
            signInAddress?: number | null;
            signedIn?: number | null;
        };
        /** @description Somebody keeps a session going. */
        Refresh: {
            /** @description The refresh token, where it is not in the cookie. */
            refreshToken?: string | null;
            tokenDelivery?: components["schemas"]["TokenDelivery"] | null;
        };
        /** @description Somebody opens an account. */
        Register: {
            /**
             * Format: email
             * @description Where to reach the person; unique in the tenant, without case.
             */
            email: string;
            /** @description What the person is called. */
            name: string;
            /** @description 8 to 128 characters, and none of the most common ones. */
            password: string;
            tokenDelivery?: components["schemas"]["TokenDelivery"] | null;
        };
        /** @description A new password, by the token of a mail. */
        ResetPassword: {
            /** @description 8 to 128 characters, and none of the most common ones. */
            password: string;
            /** @description The token of the mail. */
            token: string;
        };
        /** @enum {string} */
        Role: "admin" | "editor" | "member";
        Secrets: {
            oidcClientSecret: {
                set: boolean;
            };
            stripeSecretKey: {
                set: boolean;
            };
            stripeWebhookSecret: {
                set: boolean;
            };
        };
        /** @description A service token, without what is presented. */
        ServiceToken: {
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: uuid
             * @description The admin who made it, in whose name posts are written with it.
             */
            createdBy: string;
            /**
             * Format: date-time
             * @description When it ends by itself.
             */
            expiresAt: string | null;
            /** Format: uuid */
            id: string;
            name: string;
            /** @description What it opens. */
            scopes: components["schemas"]["TokenScope"][];
            /** Format: date-time */
            updatedAt: string;
            /**
             * Format: int64
             * @description The aggregate's version.
             */
            version: number;
        };
        /** @description Somebody is signed in now. */
        Session: {
            /** @description To be sent as `Authorization: Bearer`. */
            accessToken: string;
            /**
             * Format: int64
             * @description Seconds for which the access token is good.
             */
            expiresIn: number;
            /** @description To be exchanged at `/auth/refresh`, once; only where `tokenDelivery` is `body`. */
            refreshToken?: string;
            /** @description Always `Bearer`. */
            tokenType: string;
            /** @description Who. */
            user: components["schemas"]["User"];
        };
        /** @description The settings of a tenant. */
        Settings: {
            /** @description Origins of browsers that may use the API from elsewhere, beside the installation's. */
            corsOrigins: string[];
            /** Format: date-time */
            createdAt: string;
            /** @description What prices are in where nothing else is said; ISO 4217. */
            defaultCurrency: string | null;
            /** @description The tenant's permanent key. */
            id: string;
            /** @description What it speaks; BCP 47. */
            language: string;
            /** @description What it is called. */
            name: string;
            /** @description How much of what there may be; `null`: as much as anybody likes. */
            quotas: components["schemas"]["Quotas"];
            /** @description Its own limits, requests a minute; `null`: the installation's. */
            rateLimits: components["schemas"]["RateLimits"];
            /** @description Which secrets are set. What they are is never told. */
            secrets: components["schemas"]["Secrets"];
            /**
             * Format: email
             * @description The address that its mail comes from; `null`: the installation's.
             */
            senderAddress: string | null;
            /**
             * Format: uri
             * @description Its front end, to which links in mail lead.
             */
            siteUrl: string | null;
            /** @description Where its days begin; a name of the IANA time zone database. */
            timeZone: string;
            /** Format: date-time */
            updatedAt: string;
            /**
             * Format: int64
             * @description The aggregate's version.
             */
            version: number;
        };
        /** @description A tag. */
        Tag: {
            /**
             * Format: int64
             * @description How many published posts have it.
             */
            count: number;
            /** @description As it is spelled most often. */
            name: string;
        };
        /**
         * @description How a refresh token reaches its owner.
         * @enum {string}
         */
        TokenDelivery: "cookie" | "body";
        /** @enum {string} */
        TokenScope: "events:read" | "personal:read" | "content:read" | "content:write" | "users:read" | "settings:read";
        /** @description An account. */
        User: {
            avatarUrl: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: email */
            email: string;
            /** @description Whether mail to that address is read by whom it belongs to. */
            emailVerified: boolean;
            /** Format: uuid */
            id: string;
            /** @description Whether the person was invited and has not accepted yet. */
            invited: boolean;
            name: string;
            role: components["schemas"]["Role"];
            /** Format: date-time */
            updatedAt: string;
            /**
             * Format: int64
             * @description The aggregate's version.
             */
            version: number;
        };
        /** @description The token of a mail. */
        VerifyEmail: {
            /** @description The token of the mail. */
            token: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    jwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A JSON Web Key Set */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeEmail: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeEmail"];
            };
        };
        responses: {
            /** @description A mail goes to the new address */
            202: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `INVALID_CREDENTIALS`: the password is wrong */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerifyEmail"];
            };
        };
        responses: {
            /** @description The address is the person's */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_CONFLICT`: another account has taken the new address meanwhile */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptInvitation"];
            };
        };
        responses: {
            /** @description The account, and a token for it */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The refresh token, or its end; and for browsers, where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent; or who has invited an admin or editor is no admin any more */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description The account, and a token for it */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The refresh token, or its end; and for browsers, where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `INVALID_CREDENTIALS` */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Logout"];
            };
        };
        responses: {
            /** @description Signed out; access tokens of the session end within seconds */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The refresh token, or its end; and for browsers, where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editMe: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditMe"];
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finishOidcSignIn: {
        parameters: {
            query?: {
                /** @description As it was given to the provider */
                state?: string;
                /** @description What proves the sign-in to the provider */
                code?: string;
                /** @description Why the provider has signed nobody in */
                error?: string;
                /** @description Who answers (RFC 9207). Whatever else a provider adds is taken, and not looked at */
                iss?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path: {
                /** @description The provider's name in the settings */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in, by the refresh cookie; to where the sign-in was begun from */
            303: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    /** @description `return_to` of the start */
                    location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `OIDC_STATE_INVALID`: the answer belongs to no sign-in that this browser has begun, or was used before */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OIDC_REFUSED`: the provider signs nobody in; `OIDC_UNPROVEN`: what it says proves nothing */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_NOT_VERIFIED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startOidcSignIn: {
        parameters: {
            query?: {
                /** @description Where the browser goes in the end: a path of this server, or an address of an origin that the installation or the tenant lists; `/` by default */
                return_to?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path: {
                /** @description The provider's name in the settings */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider */
            303: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    /** @description The provider's sign-in page */
                    location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The sign-in that is under way, or its end; at the end, the refresh token */
                    "Set-Cookie"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Changed */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `INVALID_CREDENTIALS`: `current` is wrong */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forgotPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForgotPassword"];
            };
        };
        responses: {
            /** @description A mail comes, if there is such an account */
            202: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPassword"];
            };
        };
        responses: {
            /** @description Changed */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description The account, and a token for it */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The refresh token, or its end; and for browsers, where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `NOT_SIGNED_IN` without a token, `REFRESH_TOKEN_INVALID`; `REFRESH_TOKEN_REUSED`: it was replaced before, so its session has ended */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is in a cookie, and `Origin` is neither this server's nor on its list */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Register"];
            };
        };
        responses: {
            /** @description The account, and a token for it */
            201: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description The refresh token, or its end; and for browsers, where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_CONFLICT`, `QUOTA_EXCEEDED` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description From 1; not beside `cursor`. `page` times `limit` ends at 10,000 */
                page?: number;
                /** @description Items in a page */
                limit?: number;
                /** @description Empty to start, then the `nextCursor` of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of open sessions */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_OpenSession"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path: {
                /** @description The session's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended; its access tokens end within seconds */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPosts: {
        parameters: {
            query?: {
                /** @description Only those filed under this */
                category?: string;
                /** @description Only those with this tag, whatever its case */
                tag?: string;
                /** @description Only those of this person */
                author?: string;
                /** @description Only those in this status; readers may name `published` alone */
                status?: components["schemas"]["PostStatus"];
                /** @description What to sort by */
                sortBy?: "createdAt" | "publishedAt" | "title";
                /** @description In which order */
                order?: "asc" | "desc";
                /** @description From 1; not beside `cursor`. `page` times `limit` ends at 10,000 */
                page?: number;
                /** @description Items in a page */
                limit?: number;
                /** @description Empty to start, then the `nextCursor` of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of posts */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_PostSummary"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `FORBIDDEN`: only editors see other than published posts */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPost"];
            };
        };
        responses: {
            /** @description The post */
            201: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Where the new resource is */
                    Location?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The post's id or slug */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `NOT_FOUND`, also for what this caller may not see */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    archivePost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The post's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is archived */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editPost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The post's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostChanges"];
            };
        };
        responses: {
            /** @description The post */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publishPost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The post's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unpublishPost: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The post's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The post */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Post"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listServiceTokens: {
        parameters: {
            query?: {
                /** @description What to sort by */
                sortBy?: "createdAt";
                /** @description In which order */
                order?: "asc" | "desc";
                /** @description From 1; not beside `cursor`. `page` times `limit` ends at 10,000 */
                page?: number;
                /** @description Items in a page */
                limit?: number;
                /** @description Empty to start, then the `nextCursor` of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tokens that are not revoked */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_ServiceToken"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createServiceToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateServiceToken"];
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description Where the new resource is */
                    Location?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewServiceToken"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `TOO_MANY_SERVICE_TOKENS`: there are 100 that are not revoked */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeServiceToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The token's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSettings: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The settings */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editSettings: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditSettings"];
            };
        };
        responses: {
            /** @description The settings */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rule or the present state forbids it */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCategories: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The categories */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Categories"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTags: {
        parameters: {
            query?: {
                /** @description The beginning of the tags wanted, without case */
                search?: string;
                /** @description From 1; not beside `cursor`. `page` times `limit` ends at 10,000 */
                page?: number;
                /** @description Items in a page */
                limit?: number;
                /** @description Empty to start, then the `nextCursor` of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tags */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_Tag"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description In the name or the address, without case */
                search?: string;
                /** @description Only those with this role */
                role?: components["schemas"]["Role"];
                /** @description What to sort by */
                sortBy?: "createdAt" | "name" | "email";
                /** @description In which order */
                order?: "asc" | "desc";
                /** @description From 1; not beside `cursor`. `page` times `limit` ends at 10,000 */
                page?: number;
                /** @description Items in a page */
                limit?: number;
                /** @description Empty to start, then the `nextCursor` of the page before */
                cursor?: string;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of people */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_User"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateUser"];
            };
        };
        responses: {
            /** @description The account */
            201: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Where the new resource is */
                    Location?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_CONFLICT`, `QUOTA_EXCEEDED` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    inviteUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InviteUser"];
            };
        };
        responses: {
            /** @description The account, which is to be accepted; a mail comes */
            202: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_CONFLICT` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description Wait until the read model has come to this position */
                "Tidemark-After"?: string;
                /** @description `wait=<seconds>`: how long to wait at most */
                Prefer?: string;
                /** @description An `ETag` that is known already */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The user's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The caller has it already */
            304: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description What this caller sees; of a resource, its version comes first */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Whether the answer was remembered */
                    "Tidemark-Cache"?: "hit" | "miss";
                    /** @description The place in the tenant's log at which the answer is true */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `POSITION_LOST`: the history that `Tidemark-After` belongs to was cut */
            410: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteUser: {
        parameters: {
            query?: {
                /** @description Makes the person's data unreadable everywhere, for ever; of a deleted account too */
                erase?: boolean;
            };
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The user's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased; a receipt */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description Deleted */
            204: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `LAST_ADMIN`, `ALREADY_ERASED` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    editUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The user's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditUser"];
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `EMAIL_CONFLICT` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The tenant's key, where the host does not name it */
                "X-Tenant"?: string;
                /** @description 1-255 visible ASCII characters; the same request again has the first answer */
                "Idempotency-Key"?: string;
                /** @description The version that the resource must have */
                "If-Match"?: string;
            };
            path: {
                /** @description The user's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeRole"];
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The version */
                    ETag?: string;
                    /** @description This is the first answer to the same request */
                    "Idempotency-Replayed"?: "true";
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description For browsers: where the change is recorded */
                    "Set-Cookie"?: string;
                    /** @description The place in the tenant's log where the change is recorded */
                    "Tidemark-Position"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not or wrongly signed in */
            401: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description How to sign in */
                    "WWW-Authenticate"?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not allowed, or `TENANT_SUSPENDED` */
            403: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such thing, or `TENANT_NOT_FOUND` */
            404: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body took too long to arrive */
            408: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `LAST_ADMIN` */
            409: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `VERSION_MISMATCH` */
            412: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description The present version */
                    ETag?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `BODY_TOO_LARGE` or `EVENT_TOO_LARGE` */
            413: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `IDEMPOTENCY_KEY_REUSED` */
            422: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `OUTCOME_UNKNOWN`; repeat it with the same key */
            504: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Overloaded, or something needed is away; come back as `Retry-After` says */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
            /** @description It could; `reasons` say what else is wrong */
            200: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Malformed, or `VALIDATION_FAILED` with all fields at fault */
            400: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `URI_TOO_LONG` */
            414: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON, or has a `Content-Encoding` */
            415: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `RATE_LIMITED`; come back as `Retry-After` says */
            429: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A defect */
            500: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `NOT_READY`: Postgres is away, or takes no appends; `detail` says which */
            503: {
                headers: {
                    /** @description Whether the answer may be kept */
                    "Cache-Control"?: string;
                    /** @description How the answer is compressed, as `Accept-Encoding` allows */
                    "Content-Encoding"?: string;
                    /** @description Of the policy that will refuse first: how many are left, and seconds until all are there again */
                    RateLimit?: string;
                    /** @description What is counted: how many a minute, and in `tidemark-burst` how many at once */
                    "RateLimit-Policy"?: string;
                    /** @description Seconds after which to come back */
                    "Retry-After"?: string;
                    /** @description What the answer depends on besides its address */
                    Vary?: string;
                    /** @description The request's id */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
