-- What found the segments of a run, for the tenant's next run over the same table, and which segment each customer was
-- in: keyed hashes of customers' keys, no key and no value of a customer. The last 10 runs of a table are kept.
CREATE TABLE segment_model (
    run_id     text        PRIMARY KEY,
    tenant     text        NOT NULL,
    scope      text        NOT NULL,
    model      json        NOT NULL,
    customers  bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX segment_model_newest ON segment_model (tenant, scope, created_at DESC);
