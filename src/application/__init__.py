"""Use cases: one verb each; load, decide, write, in one transaction."""
