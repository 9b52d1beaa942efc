"""Writing a run folder while the lab runs."""
