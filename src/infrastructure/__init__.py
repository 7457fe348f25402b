"""The adapters: what stands behind the ports of the domain."""
