"""OpenTofu and Terraform as a provider: a plug-in of the group `deployforge.providers`."""
