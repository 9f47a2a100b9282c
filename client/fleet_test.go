package client

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	fleetSize = flag.Int("fleet.size", 2000, "remotes of the simulated fleet; each of three gateways takes 1/200 of them a second")
	fleetSeed = flag.Uint64("fleet.seed", 1, "of the simulation's dice")
	fleetOut  = flag.String("fleet.out", "", "directory for the table and the picture of the simulation")
)

// chapter is one case: what happened in a stretch of the world's time.
type chapter struct {
	name     string
	from, to time.Duration
	allowed  time.Duration // for from to to; 0 where nothing is asked
	event    time.Duration // what it begins with, for the picture
	since    string        // what happened at from
	busy     []int         // gateways that serve
}

// figures are the rate of something, a second.
type figures struct {
	peak int
	mean float64
}

// rates looks at whole seconds from the one in which from lies to the one in which to lies.
func rates(from, to time.Duration, counts ...[]int) figures {
	var r figures
	total := 0
	for s := int(from / time.Second); s <= int(to/time.Second); s++ {
		n := 0
		for _, c := range counts {
			if s < len(c) {
				n += c[s]
			}
		}
		r.peak, total = max(r.peak, n), total+n
	}
	r.mean = float64(total) / (to - from).Seconds()
	return r
}

// A fleet that loses its first gateway, gets it back, and loses all three: nobody is left over, and no wave of connects
// is higher than twice the mean.
func TestFleet(t *testing.T) {
	f := newFleet(t, *fleetSize, float64(*fleetSize)/200, *fleetSeed)
	f.settle()
	chapters := []chapter{f.firstDies(false), f.firstReturns()}
	chapters = append(chapters, f.allDie()...)
	for _, c := range chapters {
		f.judge(c)
	}
	f.calm(chapters[2])
	f.report(chapters)
}

// All traffic stops in the same second, and every remote was busy: all notice at once.
func TestFleetNoticesAtOnce(t *testing.T) {
	f := newFleet(t, *fleetSize, float64(*fleetSize)/200, *fleetSeed)
	f.settle()
	c := f.firstDies(true)
	f.judge(c)
	t.Log("\n" + f.table([]chapter{c}))
}

// settle brings all up with the first gateway.
func (f *fleet) settle() {
	f.connect()
	f.run(30*time.Minute, func() bool { return f.gates[0].up == len(f.remotes) })
	if f.gates[0].up != len(f.remotes) {
		f.t.Fatalf("%d of %d are up with the first gateway", f.gates[0].up, len(f.remotes))
	}
	f.wait(time.Minute)
}

// capacity is how long so many gateways need for all, at least.
func (f *fleet) capacity(gates int) time.Duration {
	return time.Duration(float64(len(f.remotes)) / (f.gates[0].rate * float64(gates)) * float64(time.Second))
}

// firstDies counts from when the first remote notices.
func (f *fleet) firstDies(busy bool) chapter {
	c := chapter{name: "a: gateway 1 dies", since: "the first notices", event: f.now,
		allowed: f.capacity(2) * 3 / 2, busy: []int{1, 2}}
	if busy {
		c.name += ", all notice at once"
	}
	f.kill(busy, 0)
	f.run(time.Minute, func() bool { return !f.allUp() })
	c.from = f.now
	f.run(time.Hour, func() bool { return f.up() == 0 || f.now > c.from+heardEvery })
	f.run(time.Hour, f.allUp)
	c.to = f.now
	f.wait(10 * time.Minute)
	return c
}

// firstReturns counts from when the first gateway is there again.
func (f *fleet) firstReturns() chapter {
	c := chapter{name: "b: gateway 1 comes back", since: "it is back", event: f.now, from: f.now,
		allowed: f.capacity(1) * 3 / 2, busy: []int{0}}
	f.revive(0)
	f.run(time.Hour, func() bool { return f.gates[0].up == len(f.remotes) || !f.allUp() })
	if !f.allUp() {
		f.t.Errorf("a way back left %d remotes without a tunnel", len(f.remotes)-f.up())
	}
	c.to = f.now
	f.wait(10 * time.Minute)
	return c
}

// allDie has two parts: ten minutes without a gateway, and the time after.
func (f *fleet) allDie() []chapter {
	dead := chapter{name: "c: all are dead", event: f.now, from: f.now}
	f.kill(false, 0, 1, 2)
	f.wait(10 * time.Minute)
	dead.to = f.now - time.Second // whole seconds only
	back := chapter{name: "c: all die, and come back", event: dead.event, since: "they are back", from: f.now,
		allowed: f.capacity(3) * 3 / 2, busy: []int{0, 1, 2}}
	f.revive(0, 1, 2)
	f.run(time.Hour, f.allUp)
	back.to = f.now
	f.wait(time.Minute)
	return []chapter{dead, back}
}

// judge asks for what the fleet must do in a case.
func (f *fleet) judge(c chapter) {
	if c.allowed == 0 {
		return
	}
	if took := c.to - c.from; took > c.allowed {
		f.t.Errorf("%s: all up after %v, allowed are %v", c.name, took, c.allowed)
	}
	for _, i := range c.busy {
		if r := rates(c.from, c.to, f.gates[i].served); float64(r.peak) > 2*r.mean {
			f.t.Errorf("%s: gateway %d completed %d connects in a second, and %.1f in the mean", c.name, i+1, r.peak, r.mean)
		}
	}
}

// calm asks that a fleet without a gateway has spread after five minutes, and that no remote sends more than one message
// in three seconds.
func (f *fleet) calm(c chapter) {
	r := rates(c.to-5*time.Minute, c.to-time.Second, f.gates[0].offered, f.gates[1].offered, f.gates[2].offered)
	if float64(r.peak) > 1.5*r.mean {
		f.t.Errorf("%s: %d first messages in a second, and %.1f in the mean", c.name, r.peak, r.mean)
	}
	if r.mean > float64(len(f.remotes))/3 {
		f.t.Errorf("%s: %.1f first messages a second of %d remotes", c.name, r.mean, len(f.remotes))
	}
}

func (f *fleet) table(chapters []chapter) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "case\tgateway\toffered/s peak\tmean\tpeak/mean\tcompleted/s peak\tmean\tpeak/mean\tall up after\tallowed\t")
	ratio := func(r figures) string {
		if r.mean == 0 {
			return "-\t-\t-"
		}
		return fmt.Sprintf("%d\t%.1f\t%.2f", r.peak, r.mean, float64(r.peak)/r.mean)
	}
	for _, c := range chapters {
		var offered, served [][]int
		for i, g := range f.gates {
			offered, served = append(offered, g.offered), append(served, g.served)
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t\t\t\n", c.name, i+1, ratio(rates(c.from, c.to, g.offered)), ratio(rates(c.from, c.to, g.served)))
		}
		took, allowed := "-", "-"
		if c.allowed > 0 {
			took, allowed = fmt.Sprintf("%.1f s", (c.to-c.from).Seconds()), fmt.Sprintf("%.0f s", c.allowed.Seconds())
		}
		fmt.Fprintf(w, "%s\tall\t%s\t%s\t%s\t%s\t\n", c.name, ratio(rates(c.from, c.to, offered...)), ratio(rates(c.from, c.to, served...)), took, allowed)
	}
	w.Flush()
	return b.String()
}

// report prints the table, and writes it with the picture where that is wanted.
func (f *fleet) report(chapters []chapter) {
	table := fmt.Sprintf("%d remotes, three gateways that complete %.0f connects a second each; offered are first messages, again or not\n\n%s",
		len(f.remotes), f.gates[0].rate, f.table(chapters))
	f.t.Log("\n" + table)
	if *fleetOut == "" {
		return
	}
	if err := os.MkdirAll(*fleetOut, 0o755); err != nil {
		f.t.Fatal(err)
	}
	for name, text := range map[string]string{"fleet.txt": table, "fleet.svg": f.picture(chapters)} {
		if err := os.WriteFile(filepath.Join(*fleetOut, name), []byte(text), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}
}
