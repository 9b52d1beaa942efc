"""Events as lines of JSON, while they happen."""
