"""What English says whatever the table: word lists, word forms, peoples, places, channels."""
