"""Criteria in other languages: one file per family, one row per target."""
