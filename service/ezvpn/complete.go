package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completeEnd offers the address that the session has at this end of the tunnel.
func (a *app) completeEnd(which string) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		cl := a.client()
		defer cl.Close()
		s, err := cl.Status(ctx)
		if err != nil || s.ISAKMP == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if which == "local" {
			return []string{s.ISAKMP.Local}, cobra.ShellCompDirectiveNoFileComp
		}
		return []string{s.ISAKMP.Remote}, cobra.ShellCompDirectiveNoFileComp
	}
}
