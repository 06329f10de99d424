"""Time domain: when a reading is."""
