"""Data sets in and out: where they come from, how they are read, and the files that interactions are written to."""
