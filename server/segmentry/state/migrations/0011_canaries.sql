-- Runs of the stored queries: who works on one, which queries they are, and who decided something about it.
ALTER TABLE canary_run
    -- Fingerprint of the table and the queries: answers to others are never compared.
    ADD COLUMN stored_version text        NOT NULL DEFAULT '',
    ADD COLUMN changed        integer     NOT NULL DEFAULT 0,
    ADD COLUMN held_against   text        NOT NULL DEFAULT '',
    -- Whether a query has an answer here that none had before: it is accepted without anybody's word.
    ADD COLUMN has_first      boolean     NOT NULL DEFAULT false,
    ADD COLUMN owner          text        NOT NULL DEFAULT '',
    ADD COLUMN lease_until    timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN cancelled      boolean     NOT NULL DEFAULT false;
-- What differs stands in the answers.
ALTER TABLE canary_run DROP COLUMN changes;
ALTER TABLE canary_run ALTER COLUMN answers SET DEFAULT '[]';
-- However many servers there are, a model is asked by one at a time.
CREATE UNIQUE INDEX canary_run_one ON canary_run (provider, model) WHERE state = 'running';

-- Who started, accepted or cancelled a run. Rows are added, never changed.
CREATE TABLE canary_decision (
    decision_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      text        NOT NULL,
    decision    text        NOT NULL CHECK (decision IN ('run', 'accept', 'cancel')),
    tenant      text        NOT NULL,
    decided_by  text        NOT NULL,
    request_id  text        NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX canary_decision_listing ON canary_decision (run_id, decision_id);
CREATE TRIGGER canary_decision_stays BEFORE UPDATE OR DELETE ON canary_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();
