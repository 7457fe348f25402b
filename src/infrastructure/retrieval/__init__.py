"""Nearest neighbours among item vectors."""
