// Package esp is the ESP transform (RFC 4303) for tunnel-mode packets in UDP: seal and open, in batches, without an
// allocation per packet. It owns sequence numbers, IVs, padding and the replay window; it knows nothing of sockets,
// peers or IKE.
package esp
