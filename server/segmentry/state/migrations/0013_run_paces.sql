-- How long runs took on each server, beside what the formula of the estimate says; the last 50 of each way.
CREATE TABLE run_pace (
    pace_id bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    server  text             NOT NULL,
    -- The tier; of the ML worker with the algorithm.
    way     text             NOT NULL,
    cold_s  double precision NOT NULL,
    took_s  double precision NOT NULL
);
CREATE INDEX run_pace_last ON run_pace (server, way, pace_id DESC);
