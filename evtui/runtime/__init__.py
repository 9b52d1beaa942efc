"""Clocks, the engine's thread, supervision and signals: the only place with wall-clock time."""
