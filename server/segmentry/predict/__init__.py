"""Queries as lines of a file: a schema and words in, criteria or a question out; no server and no network."""
