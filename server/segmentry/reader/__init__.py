"""Words to fragments of criteria, with no model and no I/O."""
