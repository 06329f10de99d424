"""The contract: panels, draws, transforms, and the engine that runs one on the other."""
