"""AWS: CloudFormation change sets make units, the services' own APIs read resources and put them right."""
