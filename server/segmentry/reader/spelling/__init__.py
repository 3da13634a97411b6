"""Slips of the hand: which words may hide behind a word that nothing knows."""
