"""The deployforge command."""
