"""From a customer table to segments with evidence."""
