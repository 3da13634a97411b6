-- What the build of a version was asked and who read what of it, as JSON: the build itself is kept for some days only.
-- Empty: written by hand, or not known.
ALTER TABLE segment_version ADD COLUMN origin text NOT NULL DEFAULT '';
