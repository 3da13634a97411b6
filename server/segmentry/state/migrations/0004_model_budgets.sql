-- What a tenant's requests may still spend on the language model: sums of the running minute and day (UTC), in which
-- stands what was settled and what requests under way have reserved.
CREATE TABLE model_budget (
    tenant    text        PRIMARY KEY,
    minute    timestamptz NOT NULL,
    requests  bigint      NOT NULL,
    day       timestamptz NOT NULL,
    tokens    bigint      NOT NULL,
    -- Billionths of a US dollar, so that sums of prices are exact.
    cost_nano bigint      NOT NULL
);

-- What a request under way may use at most. Until it is settled or expires it stands in the sums above.
CREATE TABLE model_reservation (
    reservation_id text        PRIMARY KEY,
    tenant         text        NOT NULL REFERENCES model_budget ON DELETE CASCADE,
    day            timestamptz NOT NULL,
    tokens         bigint      NOT NULL,
    cost_nano      bigint      NOT NULL,
    expires_at     timestamptz NOT NULL
);
CREATE INDEX model_reservation_expiry ON model_reservation (tenant, expires_at);
