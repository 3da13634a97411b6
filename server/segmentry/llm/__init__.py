"""The seam to language models: one call in, one checked answer or one typed failure out."""
