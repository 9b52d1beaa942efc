"""Whether a run folder can be trusted, and repair of what can be repaired."""
