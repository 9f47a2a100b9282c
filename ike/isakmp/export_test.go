package isakmp

// Held gives the number and the bytes of the fragments that are kept.
func (r *Reassembly) Held() (count, bytes int) {
	for _, p := range r.parts {
		if p != nil {
			count, bytes = count+1, bytes+len(p)
		}
	}
	return count, bytes
}
