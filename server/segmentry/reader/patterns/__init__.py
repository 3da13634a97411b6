"""The constructions in which words become conditions. A lexicon hit alone is never a claim."""
