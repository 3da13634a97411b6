"""Long work that outlives its caller: states, event log, and the process that does it."""
