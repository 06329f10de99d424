"""Real data that ships with the package; NOTICE says where it is from and under which licence."""
