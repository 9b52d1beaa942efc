"""Who may charge: local list, cache, reservations, the central system's word."""
