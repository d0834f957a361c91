"""Terraform modules, HCL and JSON. Source: OpenTofu documentation, "Configuration Syntax", "JSON Configuration Syntax"."""
