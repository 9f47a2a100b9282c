package tunnel

// Limits of one segmented write: segments, and bytes of UDP payload that fit one IPv4 packet.
const (
	maxSegments  = 64
	maxSegmented = 65507
)

// segmentRun says how many datagrams from the start of d can leave as one segmented write: one peer, equal sizes, the
// last may be shorter.
func segmentRun(d []Datagram) int {
	size, total := len(d[0].Data), len(d[0].Data)
	n := 1
	for n < len(d) && n < maxSegments {
		next := len(d[n].Data)
		if d[n].Peer != d[0].Peer || next > size || total+next > maxSegmented || next == 0 {
			break
		}
		total += next
		n++
		if next < size {
			break // a short one ends the run
		}
	}
	return n
}

// split cuts a gathered read into datagrams of size bytes, the last may be shorter. What d has no room for is the rest;
// its Data is nil when there is none.
func split(d []Datagram, from Datagram, size int) (n int, rest Datagram) {
	if size <= 0 {
		size = max(1, len(from.Data))
	}
	for n < len(d) {
		k := min(size, len(from.Data))
		d[n] = Datagram{Peer: from.Peer, Data: from.Data[:k:k]}
		n++
		if from.Data = from.Data[k:]; len(from.Data) == 0 {
			return n, Datagram{}
		}
	}
	return n, from
}
