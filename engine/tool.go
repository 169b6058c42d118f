//go:build tool

// Package engine names the command that is built where Pulumi's own download
// cannot be reached, so that go.mod and go.sum hold all that it needs.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
