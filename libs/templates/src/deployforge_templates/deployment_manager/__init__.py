"""Configurations of Google's Deployment Manager v2, which ended on 31 March 2026.

Source: Google Cloud documentation, "Deployment Manager: syntax reference", as it stood at the end.
"""
