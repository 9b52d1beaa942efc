"""The central system (CSMS): stations, id tags, transactions, and how stations come in."""
