"""What people see in a terminal. Everything here takes wire messages and a `Terminal`."""
