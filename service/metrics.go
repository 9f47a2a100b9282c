package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ezvpn/client/status"
	"ezvpn/service/ipc"
)

// metrics are the numbers of the snapshot for Prometheus. Labels name peers and reasons, never users, groups or inside
// addresses.
type metrics struct{ snapshot func() status.Snapshot }

var (
	metricUp        = desc("ezvpn_up", "Whether the tunnel is up.")
	metricState     = desc("ezvpn_state", "1 for the state that the session is in.", "state")
	metricSince     = desc("ezvpn_state_since_seconds", "When that state began, as a Unix time.")
	metricPeer      = desc("ezvpn_peer_health", "1 for the health of each peer: unknown, trying, active, down.", "peer", "health")
	metricRTT       = desc("ezvpn_dpd_round_trip_seconds", "Round trip of the latest question of dead peer detection that was answered.")
	metricMisses    = desc("ezvpn_dpd_misses_total", "Questions of dead peer detection that nobody answered in time.")
	metricConnects  = desc("ezvpn_connects_total", "Tunnels that came up from nothing.")
	metricFailovers = desc("ezvpn_failovers_total", "Tunnels that came up again after they broke.")
	metricReturns   = desc("ezvpn_returns_total", "Ways back to the first peer.")
	metricRekeys    = desc("ezvpn_rekeys_total", "SAs that took the place of another one.", "phase")
	metricBytes     = desc("ezvpn_inside_bytes", "Bytes of inside packets of this session.", "direction")
	metricPackets   = desc("ezvpn_inside_packets", "Inside packets of this session.", "direction")
	metricDrops     = desc("ezvpn_dropped_packets", "Packets of this session that were dropped.", "reason")
	metricRepeats   = desc("ezvpn_ike_retransmits", "IKE messages of this association that were sent again.")
	metricBuild     = desc("ezvpn_build_info", "Release of the service.", "release")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func (m metrics) Describe(c chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, c) }

func (m metrics) Collect(c chan<- prometheus.Metric) {
	s := m.snapshot()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	up := 0.0
	if s.State == status.Active {
		up = 1
	}
	gauge(metricUp, up)
	gauge(metricState, 1, string(s.State))
	gauge(metricSince, float64(s.Since.UnixMilli())/1000)
	named := map[string]bool{}
	for _, p := range s.Peers {
		name := status.FilterLine(p.Name)
		if !named[name] { // a gateway may send us on to one that is listed
			named[name] = true
			gauge(metricPeer, 1, name, p.Health)
		}
	}
	if s.DPD.RTT > 0 {
		gauge(metricRTT, s.DPD.RTT.Seconds())
	}
	counter(metricMisses, s.Totals.DPDMisses)
	counter(metricConnects, s.Totals.Connects)
	counter(metricFailovers, s.Totals.Failovers)
	counter(metricReturns, s.Totals.Returns)
	counter(metricRekeys, s.Totals.Phase1Renewals, "1")
	counter(metricRekeys, s.Totals.Phase2Renewals, "2")
	gauge(metricBytes, float64(s.Traffic.InBytes), "in")
	gauge(metricBytes, float64(s.Traffic.OutBytes), "out")
	gauge(metricPackets, float64(s.Traffic.InPackets), "in")
	gauge(metricPackets, float64(s.Traffic.OutPackets), "out")
	for reason, n := range s.Traffic.Drops {
		gauge(metricDrops, float64(n), reason)
	}
	gauge(metricRepeats, float64(s.Traffic.Retransmits))
	gauge(metricBuild, 1, ipc.Release())
}

// listenMetrics opens the address at which metrics are read: one of this machine alone.
func listenMetrics(address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address for metrics, %q, is none; such as 127.0.0.1:9475", address)
	}
	if !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("metrics are for this machine alone, and %s is not: give a loopback address such as 127.0.0.1:9475", at.Addr())
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for metrics: %w", err)
	}
	return l, nil
}

// serveMetrics answers until ctx ends.
func serveMetrics(ctx context.Context, l net.Listener, snapshot func() status.Snapshot) error {
	r := prometheus.NewRegistry()
	r.MustRegister(metrics{snapshot})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	s := &http.Server{Handler: fromHere(mux), ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 8 << 10}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving metrics: %w", err)
	}
	return nil
}

// fromHere refuses what a browser was led into by a web page: its Host is a name, or it says where it comes from.
func fromHere(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		a, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !a.IsLoopback()) || r.Header.Get("Origin") != "" {
			http.Error(w, "metrics are for this machine alone", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}
