"""Firmware and diagnostics: files fetched and delivered, over a port with adapters."""
