"""The terminal: reads events, sends commands, and holds nothing of the engine."""
