"""What a charge point keeps over the end of its process."""
