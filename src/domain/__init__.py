"""What a recommender is. Standard library and NumPy only; no I/O and no framework."""
