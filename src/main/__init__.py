"""Settings, wiring and entry points: the only place that knows every layer."""
