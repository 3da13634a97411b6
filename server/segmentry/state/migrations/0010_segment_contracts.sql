-- What must stay true of a segment, as JSON: customers in and out, bounds of its size. Empty: nothing.
ALTER TABLE segment_version ADD COLUMN contract text NOT NULL DEFAULT '';
-- The tests that failed when this version was saved nevertheless, for people; with the author and the time of the
-- version this is the record of who forced what.
ALTER TABLE segment_version ADD COLUMN forced_past text[] NOT NULL DEFAULT '{}';
