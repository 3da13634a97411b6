"""Instructions that change criteria, step by step."""
