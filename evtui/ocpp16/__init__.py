"""OCPP 1.6: its schemas and what of them is tolerated, and forms for its operations."""
