//go:build tools

// Package tools names what is built here.
package tools

import _ "github.com/hashicorp/terraform-provider-time"
