"""What an operator sees of a running system: progress, logs and figures."""
