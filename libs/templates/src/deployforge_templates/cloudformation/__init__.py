"""CloudFormation templates, JSON and YAML. Source: AWS CloudFormation User Guide, "Template reference"."""
