"""What a charge point is: connectors, transactions, metering, its link to the central system."""
