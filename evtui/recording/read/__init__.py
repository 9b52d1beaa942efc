"""Reading a run folder, also a damaged one and one that is still being written."""
