"""How sure an answer may be, and when to ask, to name what is missing or to refuse."""
