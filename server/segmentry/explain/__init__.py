"""Counts and verdicts taken apart: what each leaf does, why a customer is in, how definitions differ."""
