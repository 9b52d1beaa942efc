"""OCPP 1.6-J on the wire: framing, schemas, the link, both roles.  No charging logic."""
