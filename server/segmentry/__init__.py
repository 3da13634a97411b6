"""Customer segments from plain words, and the segments that are in a table.

Importing this package imports nothing else, so that `import segmentry` stays cheap for clients.
"""

__version__ = "0.1.0"
