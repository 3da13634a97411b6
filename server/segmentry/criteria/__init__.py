"""The criteria language: pure functions over one tree. No I/O, no clock, no logging."""
