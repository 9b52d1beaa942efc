"""Anomalies of the link between charge point and central system: one a file."""
