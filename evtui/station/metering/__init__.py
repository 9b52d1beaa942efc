"""Meter values: what is measured, when, and in which units."""
