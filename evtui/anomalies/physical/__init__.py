"""Anomalies of the power stage, the connector and the vehicle: one a file."""
