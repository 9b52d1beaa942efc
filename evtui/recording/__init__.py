"""Run folders: written while the lab runs, readable at every moment, checked afterwards."""
