"""Settings for all tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # so that test packages share their helpers
