"""Images and labels in; knows nothing of primitives."""
