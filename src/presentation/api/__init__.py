"""The REST API: one router file per resource."""
