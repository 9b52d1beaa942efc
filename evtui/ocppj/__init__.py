"""OCPP-J of any version: framing, links, connections, limits, retries, messages as events."""
