"""Anomalies on the CAN bus of a charge point: one a file."""
