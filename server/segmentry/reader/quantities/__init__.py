"""Numbers, units and comparisons, as people write them."""
