"""Caches in front of storage."""
