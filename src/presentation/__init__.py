"""Faces of Marquee: the REST API and the command line."""
