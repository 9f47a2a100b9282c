package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ezvpn/client/profile"
	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

func (a *app) profileShowCommand() *cobra.Command {
	var origins, asJSON bool
	c := &cobra.Command{
		Use:   "show NAME|FILE…",
		Short: "Print a profile as it is used, preset and defaults filled in, secrets redacted",
		Long: "Print a profile of the service, with all its layers and as it is for you, or a file (PATH or *.toml), which\n" +
			"needs no service. Of several files, one with a [managed] table counts as that of management. With --origins\n" +
			"each key says where its value comes from, and who locks it.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if strings.HasSuffix(args[0], ".toml") || filepath.Base(args[0]) != args[0] {
				return a.showFiles(args, origins, asJSON)
			}
			if len(args) > 1 {
				return &failure{code: exitUsage, sentence: "one profile of the service at a time", next: "ezvpn profile show " + args[0]}
			}
			return a.showProfile(c.Context(), args[0], origins, asJSON)
		},
		ValidArgsFunction: a.completeProfile,
	}
	c.Flags().BoolVar(&origins, "origins", false, "say of each key where its value comes from")
	c.Flags().BoolVar(&asJSON, "json", false, "print keys, values and origins as JSON")
	return c
}

// showFiles prints what files make of a profile, as the service would.
func (a *app) showFiles(paths []string, origins, asJSON bool) error {
	var layers []profile.Layer
	for _, path := range paths {
		data, err := readBounded(path)
		if err != nil {
			return &failure{code: exitProfile, sentence: err.Error(), next: "name a profile's file"}
		}
		kind := profile.Machine
		if profile.IsManaged(data) {
			kind = profile.Managed
		}
		layers = append(layers, profile.Layer{Kind: kind, File: path, Data: data})
	}
	e, err := profile.Compose(strings.TrimSuffix(filepath.Base(paths[0]), ".toml"), layers...)
	if err != nil {
		return &failure{code: exitProfile, sentence: "the profile cannot be used:\n" + err.Error(), next: "correct it, then check again"}
	}
	switch {
	case asJSON:
		doc := ipc.ProfileShown{Profile: e.Profile.Name, Text: e.Profile.Show(), Settings: settings(e)}
		for _, n := range e.Notes {
			doc.Notices = append(doc.Notices, n.Error())
		}
		return a.json(doc)
	case origins:
		err = a.printOrigins(settings(e))
	default:
		_, err = io.WriteString(a.out, e.Profile.Show())
	}
	for _, n := range e.Notes {
		fmt.Fprintf(a.err, "ezvpn: %s\n", status.FilterLine(n.Error()))
	}
	return err
}

// settings are those of a profile in the words of the service.
func settings(e *profile.Effective) []ipc.ProfileSetting {
	var out []ipc.ProfileSetting
	for _, s := range e.Settings() {
		out = append(out, ipc.ProfileSetting{Key: s.Path, Value: s.Value, Origin: s.Origin, File: s.File, Line: s.Line, Locked: s.Locked, By: s.By, User: s.User})
	}
	return out
}

func (a *app) showProfile(ctx context.Context, name string, origins, asJSON bool) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cl := a.client()
	defer cl.Close()
	p, err := cl.ShowProfile(ctx, name)
	switch {
	case err != nil:
		return err
	case asJSON:
		return a.json(p)
	case origins:
		err = a.printOrigins(p.Settings)
	default:
		_, err = fmt.Fprintln(a.out, strings.TrimRight(status.Filter(p.Text), "\n"))
	}
	for _, n := range append(p.Errors, p.Notices...) {
		fmt.Fprintf(a.err, "ezvpn: %s\n", a.red(status.FilterLine(n)))
	}
	return err
}

func (a *app) printOrigins(settings []ipc.ProfileSetting) error {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	for _, s := range settings {
		if s.Value == nil {
			continue
		}
		value, err := json.Marshal(s.Value) // which is TOML too, for what a profile holds
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Key, status.FilterLine(origin(s)), status.FilterLine(string(value)))
	}
	return w.Flush()
}

// origin is where a value comes from, in words.
func origin(s ipc.ProfileSetting) string {
	from := s.Origin
	if s.File != "" {
		from += " " + s.File
	}
	if s.Line > 0 {
		from += fmt.Sprintf(":%d", s.Line)
	}
	switch {
	case s.Locked && s.By != "":
		from += ", locked by " + s.By
	case s.Locked:
		from += ", locked"
	}
	return from
}

// printChanged says what a change of a profile did to the tunnel.
func (a *app) printChanged(what string, done ipc.ProfileChanged) {
	text := map[string]string{
		"nothing":   "the tunnel that is up does not depend on it",
		"live":      "the tunnel that is up uses it from now on",
		"reconnect": "the tunnel is connected anew with it",
	}[done.Effect]
	if text == "" {
		fmt.Fprintln(a.out, what)
	} else {
		fmt.Fprintf(a.out, "%s; %s\n", what, text)
	}
	for _, n := range done.Notices {
		fmt.Fprintf(a.err, "ezvpn: %s\n", status.FilterLine(n))
	}
}
