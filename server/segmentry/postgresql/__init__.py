"""What every user of PostgreSQL shares: the driver with types, and what its failures mean to a caller."""
