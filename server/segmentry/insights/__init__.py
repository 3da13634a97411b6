"""What is known of the service after the fact: how its experts have been doing."""
