"""The mcal touches clouds, so that nobody else has to."""
