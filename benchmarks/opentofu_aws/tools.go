//go:build tools

// Package tools names what is built here.
package tools

import _ "github.com/terraform-providers/terraform-provider-aws"
