"""OCPP 1.6: its schemas and what of them is tolerated, forms, names, handlers behind a link."""
