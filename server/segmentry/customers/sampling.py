"""How many values of a column are remembered, and how long they may be."""

from __future__ import annotations

# Knowing the values is the largest lever on tables never seen before; more of them no longer help.
SAMPLED_VALUES = 500
# Longer than this is a sentence, which nobody picks from a list.
LONGEST_SAMPLE = 60
