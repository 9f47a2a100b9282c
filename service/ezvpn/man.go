package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"ezvpn/service/ipc"
)

// manCommand writes the manual pages; it is for packaging.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages, one for each command, into a directory",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &failure{code: exitUsage, sentence: err.Error(), next: "name a directory that you can write"}
			}
			// The date is that of the interface, so that the same source makes the same pages.
			date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			root := c.Root()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Date: &date, Source: "ezvpn " + ipc.Release(), Manual: "Easy VPN"}, args[0])
		},
	}
}
