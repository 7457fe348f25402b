"""The command line, `marquee`."""
