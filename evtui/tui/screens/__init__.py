"""Screens that lie over the panels, one a file."""
