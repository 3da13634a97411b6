-- What each expert did for a tenant in ten minutes, as one server process counted it: counts by name, which add
-- up over processes. No agent: the tenant's builds. Nothing of a request is kept here.
CREATE TABLE expert_count (
    tenant         text        NOT NULL,
    period         timestamptz NOT NULL,
    agent          text        NOT NULL,
    prompt_version text        NOT NULL,
    process        text        NOT NULL,
    counts         jsonb       NOT NULL,
    PRIMARY KEY (tenant, period, agent, prompt_version, process)
);
CREATE INDEX expert_count_age ON expert_count (period);
