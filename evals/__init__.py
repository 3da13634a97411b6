"""How well the reader reads: cases written by hand, judged by meaning, reported by kind."""
