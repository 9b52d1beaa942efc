"""Anomalies that a central system or a charge point causes by what it sends: one a file."""
