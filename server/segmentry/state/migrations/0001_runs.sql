-- One row per run: what was asked, where it stands, who works on it.
CREATE TABLE run (
    run_id        text        PRIMARY KEY,
    tenant        text        NOT NULL,
    kind          text        NOT NULL,
    scope         text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    request       json        NOT NULL,
    progress      json        NOT NULL,
    error         json,
    attempt       integer     NOT NULL DEFAULT 0,
    last_sequence integer     NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at    timestamptz,
    ended_at      timestamptz,
    -- The server that works on it, until when it is believed to live, and a number that grows with each
    -- change of hands, so that a server which was thought dead cannot write any more.
    owner         text        NOT NULL,
    lease_until   timestamptz NOT NULL,
    fence         bigint      NOT NULL DEFAULT 1
);
CREATE INDEX run_listing ON run (tenant, kind, created_at, run_id);
CREATE INDEX run_open ON run (lease_until) WHERE state IN ('QUEUED', 'RUNNING');

-- What a run said: numbered 1, 2, 3 ... per run, written before it is sent to anybody.
CREATE TABLE run_event (
    run_id   text        NOT NULL REFERENCES run ON DELETE CASCADE,
    sequence integer     NOT NULL CHECK (sequence > 0),
    kind     text        NOT NULL,
    body     json        NOT NULL,
    terminal boolean     NOT NULL DEFAULT false,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, sequence)
);
CREATE UNIQUE INDEX run_event_one_terminal ON run_event (run_id) WHERE terminal;

-- A caller's request id, what was asked with it (SHA-256), and what came of it.
CREATE TABLE idempotency (
    tenant     text        NOT NULL,
    rpc        text        NOT NULL,
    request_id text        NOT NULL,
    digest     bytea       NOT NULL,
    resource   text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, rpc, request_id)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Keys of this installation, such as the one that signs resume tokens: they outlive a restart.
CREATE TABLE secret (
    name       text        PRIMARY KEY,
    value      bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
