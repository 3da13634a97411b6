"""Where customer rows live and how they are counted."""
