"""A run folder in the terminal: the live screen, fed from files, with a cursor in time."""
