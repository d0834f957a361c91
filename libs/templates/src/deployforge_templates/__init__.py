"""Native templates as resources of a manifest."""
