"""The made-up golf club: who its people are, what they belong to, and what they do.

Random numbers come from a counter-based generator, and everything after them is integer arithmetic, products
and rounding: no logarithm, no exponential, whose last bit depends on the processor. One seed, one population.
"""
