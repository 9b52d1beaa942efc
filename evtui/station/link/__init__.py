"""The connection of a charge point to its central system, and what it is asked there."""
