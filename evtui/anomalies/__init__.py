"""Anomalies: each is one file in the folder of the layer it acts on."""
