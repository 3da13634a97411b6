"""Saved segments: kept in the state store in every version, looked up when criteria name them."""
