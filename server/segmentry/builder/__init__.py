"""From a query or an instruction to checked criteria with a live count."""
