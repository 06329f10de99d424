"""Plain functions that turn predictions into numbers, and paired numbers into a comparison."""
