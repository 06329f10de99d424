"""Frequency domain: what the spectrum is."""
