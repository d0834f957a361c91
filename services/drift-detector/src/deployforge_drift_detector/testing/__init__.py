"""Labelled scenarios of drift that never happened, to train and to test with. Nothing that runs imports this."""
