// Package bundle gathers diagnostics for somebody who helps: one zip file, redacted, of which the user sees every part
// before it is written. Nothing is sent anywhere.
package bundle

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"ezvpn/client/doctor"
	"ezvpn/client/redact"
	"ezvpn/service/checkup"
	"ezvpn/service/ipc"
)

// Options say what goes into a bundle.
type Options struct {
	Checkup checkup.Options // with the daemon's client
	Names   bool            // gateways, groups, profiles and domains keep their names
}

// Part is one file of the bundle.
type Part struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Bytes    int    `json:"bytes"`
	Replaced int    `json:"replaced"` // names, addresses and likely secrets that were taken out
	data     []byte
}

// Data is the part as it will be written.
func (p Part) Data() []byte { return p.data }

// Missing is a part that could not be had.
type Missing struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Manifest is the first file of a bundle: what is in it, and what is not.
type Manifest struct {
	Format  int       `json:"format"` // 1
	Time    time.Time `json:"time"`
	Command string    `json:"command"` // release of this command
	Daemon  string    `json:"daemon,omitempty"`
	System  string    `json:"system"` // "linux/amd64"
	Names   bool      `json:"names"`  // gateways, groups, profiles and domains are in clear
	Parts   []Part    `json:"parts"`
	Missing []Missing `json:"missing"`
}

// Bundle is everything, before it is written.
type Bundle struct {
	Manifest Manifest
}

// Parts lists what a bundle can hold, with what it is about, in order.
func Parts() [][2]string {
	var out [][2]string
	for _, p := range plan {
		out = append(out, [2]string{p.name, p.about})
	}
	return out
}

// part is how one part is made. It is redacted by the maker.
type part struct {
	name, about string
	make        func(g *gatherer, ctx context.Context) ([]byte, error)
}

var plan = []part{
	{"findings.json", "what `ezvpn doctor` finds", (*gatherer).findings},
	{"status.json", "the session: state, peers, SAs without keys, DPD, counters", (*gatherer).status},
	{"timeline.txt", "what happened in the session, one event a line", (*gatherer).timeline},
	{"log.txt", "the newest lines of the service's log", (*gatherer).log},
	{"profiles.json", "the profiles as they are in use, without secrets, and what is wrong with their files", (*gatherer).profiles},
	{"host.json", "system, network interfaces and name servers of this machine", (*gatherer).host},
}

// gatherer makes the parts of one bundle.
type gatherer struct {
	o      Options
	client *ipc.Client
	r      *redact.Redactor
	facts  doctor.Facts
	daemon error // why the daemon gives nothing
}

// askTime bounds what one part asks of the daemon.
const askTime = 15 * time.Second

// Gather makes a bundle. What cannot be had is named in it.
func Gather(ctx context.Context, o Options) (*Bundle, error) {
	var key [32]byte
	rand.Read(key[:])
	g := &gatherer{o: o, client: o.Checkup.Daemon, r: redact.New(key, o.Names)}
	v, err := g.client.Version(ctx)
	g.daemon = err
	g.facts = checkup.Run(ctx, o.Checkup)
	g.learn(ctx)
	b := &Bundle{Manifest{Format: 1, Time: time.Now().UTC().Truncate(time.Second), Command: ipc.Release(), Daemon: v.Daemon,
		System: runtime.GOOS + "/" + runtime.GOARCH, Names: o.Names, Parts: []Part{}, Missing: []Missing{}}}
	for _, p := range plan {
		g.r.Replaced()
		ask, cancel := context.WithTimeout(ctx, askTime)
		data, err := p.make(g, ask)
		cancel()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			b.Manifest.Missing = append(b.Manifest.Missing, Missing{p.name, g.r.Text(why(err))})
			continue
		}
		b.Manifest.Parts = append(b.Manifest.Parts, Part{p.name, p.about, len(data), g.r.Replaced(), data})
	}
	return b, nil
}

// why is an error in one line.
func why(err error) string {
	var e *ipc.Error
	if errors.As(err, &e) {
		return e.Sentence
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the service did not answer in time"
	}
	return err.Error()
}

// document redacts v by rules.
func (g *gatherer) document(v any, rules redact.Rules) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing it as JSON: %w", err)
	}
	return g.r.Document(b, rules)
}
