"""The control-plane decides who may do what."""
