"""How a scenario came out: expectations held against the events, and result files."""
