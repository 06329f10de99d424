"""Time domain: what a reading is."""
