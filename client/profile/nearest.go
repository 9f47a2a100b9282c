package profile

import "strings"

// nearest is the known key that was probably meant, "" if none is near.
func nearest(unknown string) string {
	if len(unknown) > 40 {
		return "" // no key is as long, and the search takes its length times theirs
	}
	_, last := cutLast(unknown)
	best, bestCost := "", len(unknown)/3+1
	for _, k := range keys {
		if k.later {
			continue
		}
		_, name := cutLast(k.path)
		cost := distance(unknown, k.path)
		if name == last && cost > 1 {
			cost = 1 // the right key in the wrong table
		}
		if cost < bestCost {
			best, bestCost = k.path, cost
		}
	}
	return best
}

func hint(near string) string {
	table, name := cutLast(near)
	switch {
	case near == "":
		return ""
	case table == "":
		return " (did you mean " + name + ", before the first table?)"
	}
	return " (did you mean " + name + " under [" + table + "]?)"
}

func cutLast(path string) (table, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// distance is how many letters must be changed, added or taken away to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
