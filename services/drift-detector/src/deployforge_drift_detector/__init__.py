"""The drift-detector notices when reality moves."""
