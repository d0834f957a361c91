"""Azure Resource Manager templates. Source: Microsoft Learn, "Understand the structure and syntax of ARM templates"."""
