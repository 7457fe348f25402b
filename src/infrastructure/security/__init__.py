"""Passwords, tokens, secrets, limits, time and ids."""
