"""The cases read with a model: what it costs is bounded, and what it said is kept."""
