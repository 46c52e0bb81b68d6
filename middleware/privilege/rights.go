package privilege

import "strings"

// maxSteps bounds the work on one token's claims: array elements, words and features that are looked at. What comes
// after that gives no privilege. A token of 8 KiB does not hold so many.
const maxSteps = 10000

// feature is a feature of Kibana that carries Cases.
type feature struct {
	name  string
	owner int
	// split features have create_comment as a privilege of its own, which minimal_all does not include.
	split bool
}

// features are the three generations of features for the three owners.
var features = []feature{
	{"generalCases", bitCases, false},
	{"generalCasesV2", bitCases, true},
	{"generalCasesV3", bitCases, true},
	{"observabilityCases", bitObservability, false},
	{"observabilityCasesV2", bitObservability, true},
	{"observabilityCasesV3", bitObservability, true},
	{"securitySolutionCases", bitSecurity, false},
	{"securitySolutionCasesV2", bitSecurity, true},
	{"securitySolutionCasesV3", bitSecurity, true},
}

// Rights are the owners whose cases a caller may attach to, by space. They never change after Judge.Rights has made
// them and may be used by many requests at once.
type Rights struct {
	everywhere int
	in         map[string]int
}

// give adds owners in a space; `*` is every space.
func (r *Rights) give(owners int, space string) {
	if space == "*" {
		r.everywhere = r.everywhere | owners
		return
	}
	r.in[space] = r.in[space] | owners
}

// Judge turns claims into rights. It is safe for concurrent use.
type Judge struct {
	claim  []string
	grants []grant
	accept int
}

// grant is a Grant made ready.
type grant struct {
	claim  []string
	values map[string]bool
	owners int
	spaces []string
}

// New makes a judge of settings that have no faults.
func New(s Settings) *Judge {
	j := &Judge{}
	if s.Claim != "" {
		j.claim, _ = parsePath(s.Claim)
	}
	for _, level := range s.Accept {
		j.accept = j.accept | levelBits[level]
	}
	for _, configured := range s.Grants {
		ready := grant{values: map[string]bool{}, spaces: configured.Spaces}
		ready.claim, _ = parsePath(configured.Claim)
		for _, value := range configured.Values {
			ready.values[value] = true
		}
		for _, owner := range configured.Owners {
			ready.owners = ready.owners | ownerBits[owner]
		}
		j.grants = append(j.grants, ready)
	}
	return j
}

// Rights reads what the claims give. Anything of a wrong type or an unknown name gives nothing, and what stands beside
// it still counts. The claims are not changed or kept.
func (j *Judge) Rights(claims map[string]any) *Rights {
	rights := &Rights{in: map[string]int{}}
	steps := &counter{left: maxSteps}
	j.roles(claimAt(claims, j.claim), rights, steps)
	for _, ready := range j.grants {
		if ready.matches(claimAt(claims, ready.claim), steps) {
			for _, space := range ready.spaces {
				rights.give(ready.owners, space)
			}
		}
	}
	return rights
}

// roles reads the claim with Kibana's privileges: an array of entries in either form, or Elasticsearch's object that
// holds such an array as applications.
func (j *Judge) roles(claim any, rights *Rights, steps *counter) {
	if object, ok := claim.(map[string]any); ok {
		claim = object["applications"]
	}
	list, ok := claim.([]any)
	if !ok {
		return
	}
	for _, item := range list {
		if !steps.more() {
			return
		}
		entry, ok := item.(map[string]any)
		if !ok {
			continue
		}
		if _, elastic := entry["application"]; elastic {
			j.application(entry, rights, steps)
		} else {
			j.role(entry, rights, steps)
		}
	}
}

// role reads one entry of a role's kibana array: base, feature and spaces. An entry without spaces gives nothing.
func (j *Judge) role(entry map[string]any, rights *Rights, steps *counter) {
	owners := 0
	for _, base := range steps.texts(entry["base"]) {
		if base == "all" {
			owners = j.base()
		}
	}
	if held, ok := entry["feature"].(map[string]any); ok {
		for _, known := range features {
			levels := 0
			for _, level := range steps.texts(held[known.name]) {
				levels = levels | levelBits[level]
			}
			owners = owners | j.owner(known, levels)
		}
	}
	if owners == 0 {
		return
	}
	for _, space := range steps.texts(entry["spaces"]) {
		rights.give(owners, space)
	}
}

// application reads one entry of Elasticsearch's applications: application, privileges and resources.
func (j *Judge) application(entry map[string]any, rights *Rights, steps *counter) {
	name, ok := entry["application"].(string)
	if !ok || !strings.HasPrefix(name, "kibana-") {
		return
	}
	owners := 0
	held := map[string]int{}
	for _, privilege := range steps.texts(entry["privileges"]) {
		if privilege == "all" || privilege == "space_all" {
			owners = j.base()
			continue
		}
		rest, isFeature := strings.CutPrefix(privilege, "feature_")
		if !isFeature {
			continue
		}
		name, level, _ := strings.Cut(rest, ".")
		held[name] = held[name] | levelBits[level]
	}
	for _, known := range features {
		owners = owners | j.owner(known, held[known.name])
	}
	if owners == 0 {
		return
	}
	for _, resource := range steps.texts(entry["resources"]) {
		if resource == "*" {
			rights.give(owners, "*")
			continue
		}
		space, isSpace := strings.CutPrefix(resource, "space:")
		// `space:*` is no resource of Kibana's and must not become every space.
		if isSpace && space != "*" {
			rights.give(owners, space)
		}
	}
}

// base returns the owners that base all gives.
func (j *Judge) base() int {
	if j.accept&levelAll != 0 {
		return everyOwner
	}
	return 0
}

// owner returns the feature's owner when one of the levels held on it lets attach, and 0 otherwise.
func (j *Judge) owner(f feature, held int) int {
	enough := held & j.accept
	if !f.split {
		// The first generation knows no create_comment: minimal_all includes it.
		enough = enough &^ levelCreateComment
	} else if held&levelCreateComment == 0 {
		enough = enough &^ levelMinimalAll
	}
	if enough == 0 {
		return 0
	}
	return f.owner
}

// matches tells whether a claim holds one of the grant's values.
func (g grant) matches(claim any, steps *counter) bool {
	text, ok := claim.(string)
	if !ok {
		for _, element := range steps.texts(claim) {
			if g.values[element] {
				return true
			}
		}
		return false
	}
	if g.values[text] {
		return true
	}
	for _, word := range strings.SplitN(text, " ", maxSteps) {
		if !steps.more() {
			return false
		}
		if g.values[word] {
			return true
		}
	}
	return false
}

// counter counts down the steps that are left.
type counter struct{ left int }

// more takes one step and tells whether there was one.
func (c *counter) more() bool {
	c.left--
	return c.left >= 0
}

// texts returns the strings of an array, without whatever else it holds, and nothing for what is no array.
func (c *counter) texts(value any) []string {
	if ready, ok := value.([]string); ok {
		// Claims that were built in Go and not decoded from JSON.
		if len(ready) > c.left {
			return nil
		}
		c.left = c.left - len(ready)
		return ready
	}
	list, ok := value.([]any)
	if !ok {
		return nil
	}
	var found []string
	for _, item := range list {
		if !c.more() {
			return found
		}
		text, ok := item.(string)
		if !ok {
			continue
		}
		found = append(found, text)
	}
	return found
}
