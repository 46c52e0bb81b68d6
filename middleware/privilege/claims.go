package privilege

import "strings"

// maxDepth is how many names a claim path may have.
const maxDepth = 20

// parsePath splits a claim path into names. The second result says what is wrong with the path, or is empty. The
// interpreter does not clear named results between two calls, so nothing may be gathered in one.
func parsePath(path string) ([]string, string) {
	// The escapes become bytes that no configuration file holds, so that the split sees plain dots only.
	const dot, backslash = "\x00", "\x01"
	if strings.ContainsAny(path, dot+backslash) {
		return nil, "holds control characters: write the claim's name"
	}
	hidden := strings.NewReplacer(`\\`, backslash, `\.`, dot).Replace(path)
	if strings.Contains(hidden, `\`) {
		return nil, `holds a backslash before something else than a dot or a backslash: write \\ for a backslash in a name`
	}
	restore := strings.NewReplacer(backslash, `\`, dot, ".")
	var names []string
	for _, name := range strings.Split(hidden, ".") {
		if name == "" {
			return nil, `has an empty name between its dots: write a.b for b in a, and a\.b for a dot in a name`
		}
		names = append(names, restore.Replace(name))
	}
	if len(names) > maxDepth {
		return nil, "leads too deep: a path has at most 20 names"
	}
	return names, ""
}

// claimAt follows a path into nested objects. It returns nil where the path leads nowhere.
func claimAt(claims map[string]any, path []string) any {
	if len(path) == 0 {
		return nil
	}
	here := claims
	last := len(path) - 1
	for _, name := range path[:last] {
		inner, ok := here[name].(map[string]any)
		if !ok {
			return nil
		}
		here = inner
	}
	return here[path[last]]
}
