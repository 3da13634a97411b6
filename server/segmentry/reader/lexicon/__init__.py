"""What a catalog gives meaning to: its names, values, events and their words."""
