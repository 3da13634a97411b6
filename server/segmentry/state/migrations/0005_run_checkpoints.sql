-- How far a run came: what its next worker or server goes on from. Gone when the run has ended.
CREATE TABLE run_checkpoint (
    run_id text        PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    body   json        NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
