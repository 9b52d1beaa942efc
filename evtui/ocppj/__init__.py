"""OCPP-J of any version: framing, connections, limits, retries, and messages as events."""
