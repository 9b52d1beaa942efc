"""One connector at work: status, transaction, charging profiles, charger module."""
