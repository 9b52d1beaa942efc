"""Anomalies that a central system causes by what it sends."""
