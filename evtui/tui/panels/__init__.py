"""The panels of the screen, one widget a file."""
