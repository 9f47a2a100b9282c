package service

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os/user"
	"time"

	"ezvpn/client"
	"ezvpn/service/ipc"
)

// stopTimeout is how long the session has for its Deletes and for putting the machine back when the daemon ends.
const stopTimeout = 5 * time.Second

// Options say where the daemon finds and leaves its things.
type Options struct {
	Profiles string // directory of the profiles
	Managed  string // directory of what management puts over them; "" for none
	Socket   string // of the local clients; see ipc.Address
	State    string // directory of the undo journal, of sealed secrets and of what users set
	Log      *slog.Logger
	Book     *Logbook // where the lines of Log can be read again; nil for nowhere
	Metrics  string   // loopback address at which Prometheus reads; "" for none
	Platform client.Platform
}

// Daemon is the service, from Open to the end of Run.
type Daemon struct {
	log     *slog.Logger
	fit     *fitness
	session session
	api     *api
	server  *ipc.Server
	metrics net.Listener // nil for none
}

// Open makes sure that this is the only daemon, then undoes what one that ended badly left of its tunnel. Callers wait
// until Run. A machine that lacks something, as room on its disk, is no error: see fitness.
func Open(o Options) (*Daemon, error) {
	fit := &fitness{host: o.Platform.Host, profiles: o.Profiles, state: o.State, log: o.Log}
	if err := fit.begin(); err != nil {
		return nil, err
	}
	l, err := ipc.Listen(o.Socket)
	if err != nil {
		fit.close()
		return nil, err
	}
	var m net.Listener
	if o.Metrics != "" {
		if m, err = listenMetrics(o.Metrics); err != nil {
			l.Close()
			fit.close()
			return nil, err
		}
	}
	fit.undo()
	d := newDaemon(o, client.New(o.Platform, o.Log), l, fit)
	d.metrics = m
	return d, nil
}

func newDaemon(o Options, s session, l net.Listener, fit *fitness) *Daemon {
	if o.Book == nil {
		o.Book = NewLogbook(io.Discard, slog.LevelError, false)
	}
	a := &api{session: s, book: o.Book, store: newStore(o.Profiles, o.Managed, o.State, o.Log), log: o.Log, pace: &pace{}, fit: fit,
		authority: authority{group: groupID, console: atConsole}}
	return &Daemon{log: o.Log, fit: fit, session: s, api: a,
		server: ipc.NewServer(l, ipc.Identify, a.handler(), o.Log)}
}

// groupID is looked up for each request: who is added to the group need not wait for a restart.
func groupID() string {
	g, err := user.LookupGroup(Group)
	if err != nil {
		return ""
	}
	return g.Gid
}

// Run serves until ctx ends, then disconnects, puts the machine back and returns nil.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.fit.close()
	defer d.api.book.close()
	serving := make(chan error, 1)
	go func() { serving <- d.server.Serve() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchdog(ctx, func() { d.session.Snapshot() })
	d.log.Info("ready", "release", ipc.Release())
	d.api.start()
	watch := newFolderWatch(d.log, d.api.store.dirs()...)
	followed, measured := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(measured)
		if d.metrics == nil {
			return
		}
		if err := serveMetrics(ctx, d.metrics, d.session.Snapshot); err != nil {
			d.log.Error("metrics", "err", err)
		}
	}()
	go d.fit.watch(ctx, d.api.startLater)
	go func() {
		defer close(followed)
		d.api.follow(ctx, watch.run(ctx))
	}()
	notify("READY=1")
	var err error
	select {
	case <-ctx.Done():
	case err = <-serving:
	}
	notify("STOPPING=1")
	d.stop()
	cancel()
	<-followed
	<-measured
	return err
}

// stop takes the session down first, while the watchers can still see it go.
func (d *Daemon) stop() {
	d.api.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := d.session.Disconnect(ctx); err != nil {
		d.log.Error("the session did not end in time", "err", err)
	}
	d.api.live.forget()
	d.server.Shutdown(ctx)
	closed := make(chan struct{})
	go func() { defer close(closed); d.session.Close() }()
	select {
	case <-closed:
		d.log.Info("stopped")
	case <-ctx.Done():
		d.log.Error("stopped with the session not ended; the next start puts the machine back")
	}
}
