"""Time-frequency domain: what the spectrum is, and when."""
