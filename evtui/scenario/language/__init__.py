"""The language of scenarios: from YAML to a checked scenario, with its JSON Schema."""
