-- A saved segment: whose it is, of which table, and which version is its latest.
CREATE TABLE segment (
    segment_id text        PRIMARY KEY,
    tenant     text        NOT NULL,
    schema_id  text        NOT NULL,
    latest     integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX segment_listing ON segment (tenant, created_at, segment_id);

-- What a segment was at one time. Rows are added, never changed, but for the count.
CREATE TABLE segment_version (
    segment_id      text        NOT NULL REFERENCES segment ON DELETE CASCADE,
    version         integer     NOT NULL CHECK (version > 0),
    name            text        NOT NULL,
    description     text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE', 'PAUSED', 'ARCHIVED')),
    -- The symbolic criteria as JSON text. Not `json`: the text is the definition, to the last digit.
    criteria        text        NOT NULL,
    fingerprint     text        NOT NULL,
    catalog_version text        NOT NULL,
    etag            text        NOT NULL,
    author          text        NOT NULL,
    build_id        text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_count      bigint,
    counted_at      timestamptz,
    PRIMARY KEY (segment_id, version)
);

-- Which segments the criteria of a version name; no target_version means the target's latest.
CREATE TABLE segment_reference (
    segment_id     text    NOT NULL,
    version        integer NOT NULL,
    target         text    NOT NULL REFERENCES segment ON DELETE CASCADE,
    target_version integer,
    FOREIGN KEY (segment_id, version) REFERENCES segment_version ON DELETE CASCADE
);
CREATE INDEX segment_reference_source ON segment_reference (segment_id, version);
CREATE INDEX segment_reference_target ON segment_reference (target, target_version);
