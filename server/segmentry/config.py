"""Settings: environment and TOML, read once, all problems reported together."""
