"""Engines that read a history in its order and say what is taken up next: one model, four encoders."""
