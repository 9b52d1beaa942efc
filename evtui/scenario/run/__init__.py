"""Running a scenario: in the terminal app, headless, many at once, and once more."""
