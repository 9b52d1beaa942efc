"""What the panels know, without a terminal: pure models fed with events."""
