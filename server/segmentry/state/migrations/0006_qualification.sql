-- A card that somebody applied, as it was then. One card of one run is one recommendation.
CREATE TABLE recommendation (
    recommendation_id text        PRIMARY KEY,
    tenant            text        NOT NULL,
    schema_id         text        NOT NULL,
    run_id            text        NOT NULL,
    card_id           text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('OPEN', 'ACCEPTED', 'DISMISSED')),
    name              text        NOT NULL,
    -- The card as JSON text, written and read by whoever made it.
    card              text        NOT NULL,
    -- The symbolic criteria as JSON text. Not `json`: the text is the definition, to the last digit.
    criteria          text        NOT NULL,
    filter_rules      text        NOT NULL,
    rule_size         bigint,
    etag              text        NOT NULL,
    rule_id           text,
    comment           text        NOT NULL DEFAULT '',
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant, run_id, card_id)
);
CREATE INDEX recommendation_listing ON recommendation (tenant, created_at, recommendation_id);

-- Who qualifies for something, once the rule is active.
CREATE TABLE qualification_rule (
    rule_id           text        PRIMARY KEY,
    tenant            text        NOT NULL,
    schema_id         text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE', 'ARCHIVED')),
    stage             text        NOT NULL CHECK (stage IN ('eligibility', 'fit', 'match')),
    type              text        NOT NULL,
    name              text        NOT NULL,
    criteria          text        NOT NULL,
    filter_rules      text        NOT NULL,
    recommendation_id text        NOT NULL REFERENCES recommendation,
    version           integer     NOT NULL DEFAULT 1,
    etag              text        NOT NULL,
    matched_count     bigint,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    activated_at      timestamptz
);
CREATE INDEX qualification_rule_listing ON qualification_rule (tenant, created_at, rule_id);
