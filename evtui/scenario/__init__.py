"""Scenarios: files that say what a person would do with keys, and what is expected to happen."""
