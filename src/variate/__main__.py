"""``python -m variate``."""

from variate.cli import main

if __name__ == "__main__":
    main()
