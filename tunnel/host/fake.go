package host

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// Fake is a Configurator that records what it is asked and changes nothing. The zero value works.
type Fake struct {
	mu      sync.Mutex // guards all below
	applied []Config
	calls   []string
	up      bool
	err     error
	dnsBy   string
	uplink  Uplink
	noWay   error
}

// Fail makes every following Apply and Revert return err; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *Fake) Apply(c Config) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf("apply %s", c.Interface))
	if f.err != nil {
		return f.err
	}
	if err := check(c); err != nil {
		return err
	}
	c.Addresses, c.Routes = slices.Clone(c.Addresses), slices.Clone(c.Routes)
	c.Gateways, c.Exclude = slices.Clone(c.Gateways), slices.Clone(c.Exclude)
	c.Forward = slices.Clone(c.Forward)
	f.applied, f.up, f.dnsBy = append(f.applied, c), true, ""
	if c.DNS.on() {
		f.dnsBy = "fake"
	}
	return nil
}

func (f *Fake) Revert() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, "revert")
	if f.err != nil {
		return f.err
	}
	f.up, f.dnsBy = false, ""
	return nil
}

// Uplink is the way that SetUplink gave, to any address; without it, the zero value.
func (f *Fake) Uplink(netip.Addr) (Uplink, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.uplink, f.noWay
}

// SetUplink moves the machine to another network, or with an error out of all.
func (f *Fake) SetUplink(u Uplink, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uplink, f.noWay = u, err
}

// DNSBy is "fake" while an applied Config has name service.
func (f *Fake) DNSBy() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dnsBy
}

// Current is the Config that stands, and whether one does.
func (f *Fake) Current() (Config, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.up {
		return Config{}, false
	}
	return f.applied[len(f.applied)-1], true
}

// Applied lists the Configs of all successful Apply calls.
func (f *Fake) Applied() []Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.applied)
}

// Calls lists all calls in order, failed ones included.
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}
