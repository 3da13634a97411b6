"""Messages of the contract to and from the types inside."""
