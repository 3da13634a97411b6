"""Stored queries that the model is asked again and again, so that a silent change of it is noticed."""
