-- A build that was answered, for as long as somebody may say what became of it; then that as well. The last report
-- of a build counts. Criteria are JSON text, not `json`: the text is the definition, to the last digit.
CREATE TABLE build (
    tenant         text        NOT NULL,
    build_id       text        NOT NULL,
    schema_id      text        NOT NULL,
    -- Empty where a personal field is in the criteria.
    query          text        NOT NULL,
    -- What a refinement started from.
    current        text,
    -- What was proposed; null where the build asked a question, whose readings are then a JSON list.
    proposed       text,
    readings       text        NOT NULL,
    as_of          timestamptz NOT NULL,
    time_zone      text        NOT NULL,
    tier           text        NOT NULL,
    model          text        NOT NULL,
    reported_model text        NOT NULL,
    fingerprint    text        NOT NULL,
    personal       boolean     NOT NULL,
    -- Who read each leaf of what was proposed, in print order, and from which phrase: a JSON list.
    leaves         text        NOT NULL,
    created_at     timestamptz NOT NULL,
    outcome        text        CHECK (outcome IN ('ACCEPTED', 'EDITED', 'REJECTED', 'BUILT_BY_HAND')),
    change         text        CHECK (change IN ('UNTOUCHED', 'THRESHOLD_CHANGED', 'CONDITION_ADDED',
                                                 'CONDITION_REMOVED', 'REWRITTEN', 'ABANDONED', 'BUILT_BY_HAND')),
    final          text,
    comment        text        NOT NULL DEFAULT '',
    reported_at    timestamptz,
    PRIMARY KEY (tenant, build_id)
);
CREATE INDEX build_age ON build (created_at);
CREATE INDEX build_reported ON build (tenant, reported_at, build_id) WHERE reported_at IS NOT NULL;

-- What became of each leaf of a build with a report; no agent: words that no leaf accounts for.
CREATE TABLE outcome_leaf (
    tenant         text    NOT NULL,
    build_id       text    NOT NULL,
    leaf           integer NOT NULL,
    agent          text    NOT NULL,
    prompt_version text    NOT NULL,
    phrase         text    NOT NULL,
    edited         boolean NOT NULL,
    PRIMARY KEY (tenant, build_id, leaf),
    FOREIGN KEY (tenant, build_id) REFERENCES build ON DELETE CASCADE
);

-- Which versions a vendor said it answers with. Of the server's model, not of a tenant.
CREATE TABLE model_version (
    provider    text        NOT NULL,
    model       text        NOT NULL,
    name        text        NOT NULL,
    fingerprint text        NOT NULL,
    first_seen  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    PRIMARY KEY (provider, model, name, fingerprint)
);

-- One pass over the stored queries. Nothing of a tenant is in it: they are about a table of the service's own.
CREATE TABLE canary_run (
    run_id         text        PRIMARY KEY,
    provider       text        NOT NULL,
    model          text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('running', 'finished', 'stopped')),
    cause          text        NOT NULL CHECK (cause IN ('schedule', 'model_changed', 'request')),
    name           text        NOT NULL DEFAULT '',
    fingerprint    text        NOT NULL DEFAULT '',
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at       timestamptz,
    queries        integer     NOT NULL,
    answered       integer     NOT NULL DEFAULT 0,
    agreed         integer     NOT NULL DEFAULT 0,
    calls          integer     NOT NULL DEFAULT 0,
    -- Null: the price is not known.
    cost_usd       double precision,
    stop_reason    text        NOT NULL DEFAULT '',
    -- Whose answers later runs are held against: the newest of these.
    accepted_at    timestamptz,
    -- The answer to each query, and what differs from what was accepted: JSON.
    answers        text        NOT NULL DEFAULT '{}',
    changes        text        NOT NULL DEFAULT '[]'
);
CREATE INDEX canary_run_newest ON canary_run (provider, model, started_at DESC);
