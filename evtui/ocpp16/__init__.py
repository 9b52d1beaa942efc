"""OCPP 1.6: schemas and what of them is tolerated, forms, names, the links that hold to them."""
