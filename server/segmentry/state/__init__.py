"""The service's own state in PostgreSQL."""
