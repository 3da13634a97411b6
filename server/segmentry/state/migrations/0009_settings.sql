-- A tenant's own defaults for analyses: what it set, and nothing else.
CREATE TABLE analysis_settings (
    tenant     text        PRIMARY KEY,
    saved      json        NOT NULL DEFAULT '{}',
    etag       text        NOT NULL,
    updated_at timestamptz,
    updated_by text        NOT NULL DEFAULT ''
);

-- Every change of them: who, when, what was there, what is. Rows are added, never changed.
CREATE TABLE analysis_settings_change (
    change_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant     text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text        NOT NULL,
    request_id text        NOT NULL,
    before     json        NOT NULL,
    after      json        NOT NULL,
    etag       text        NOT NULL
);
CREATE INDEX analysis_settings_change_listing ON analysis_settings_change (tenant, change_id);

CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are added and never changed', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER analysis_settings_change_stays BEFORE UPDATE OR DELETE ON analysis_settings_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();

-- How the values of a table lay at one version of its rows, for telling how they have moved since: shares of rows
-- between numbers, and by keyed hashes of texts.
CREATE TABLE table_profile (
    tenant      text        NOT NULL,
    schema_id   text        NOT NULL,
    snapshot_id text        NOT NULL,
    profile     json        NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, schema_id, snapshot_id)
);
