"""The engines that are trained, one file each: how an engine is made, and how it serves."""
