"""What a series, or a reading of it, is called."""
