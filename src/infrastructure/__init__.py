"""The adapters: everything that touches the world outside."""
