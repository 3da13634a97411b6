"""K-Means of many clusterings at once: every read of the table moves the centroids of all of them."""
