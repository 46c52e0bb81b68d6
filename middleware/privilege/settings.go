// Package privilege reads what a caller may do from the claims of a verified token, and asks Kibana which owner a case
// belongs to.
//
// The gate's answer is never the last one: Kibana authorises the upload itself. A privilege that the claims do not show
// is refused here; a privilege that they show and Kibana does not grant is refused there.
package privilege

import (
	"regexp"
	"strconv"
	"time"
)

// Settings say which claims carry privileges and which privileges allow attaching a file.
type Settings struct {
	// Claim is the path to the claim that holds Kibana's role privileges, as the `kibana` array of a role or as
	// Elasticsearch's `applications`. Dots lead into nested objects; `\.` is a dot and `\\` a backslash in a name. An
	// empty path reads no such claim, and then grants must say who may attach.
	Claim string
	// Grants give privileges by the values of other claims, for providers that only send groups, roles or scopes.
	Grants []Grant
	// Accept lists the feature privileges that allow attaching, each enough on its own: `all`; `minimal_all`, which in
	// the second and third generation of Cases features counts only together with create_comment on the same feature of
	// the same entry; `create_comment`, which exists in those generations only. Base all counts as `all`.
	Accept []string
	// Owner says on which owner the privilege must be: `lookup` asks Kibana for the owner of the case, `any` takes a
	// privilege on one owner of the space as enough, and `cases`, `observability` or `securitySolution` is one owner for
	// all cases.
	Owner string
	// OwnerTTL is how long a looked-up owner is remembered, by space and case. 0 remembers nothing.
	OwnerTTL time.Duration
}

// Grant gives all its owners in all its spaces to a caller whose claim holds one of its values.
type Grant struct {
	// Claim is a path as in privileges.claim. The claim may be an array of strings, or a string of values separated by
	// single spaces, as OAuth's scope is.
	Claim string
	// Values are compared to the letter. One with a space in it matches an element of an array or the whole string.
	Values []string
	// Owners are among `cases`, `observability` and `securitySolution`.
	Owners []string
	// Spaces are ids of spaces; `*` is every space.
	Spaces []string
}

// Owners of cases, one bit each.
const (
	bitCases = 1 << iota
	bitObservability
	bitSecurity
	everyOwner = bitCases | bitObservability | bitSecurity
)

// Feature privileges that can allow attaching, one bit each.
const (
	levelAll = 1 << iota
	levelMinimalAll
	levelCreateComment
)

// ownerBits are the owners that Kibana's cases have.
var ownerBits = map[string]int{
	"cases":            bitCases,
	"observability":    bitObservability,
	"securitySolution": bitSecurity,
}

// levelBits are the feature privileges that accept may name. The others (read, cases_delete and so on) never allow
// attaching in Kibana.
var levelBits = map[string]int{
	"all":            levelAll,
	"minimal_all":    levelMinimalAll,
	"create_comment": levelCreateComment,
}

// spaceID is the rule by which Kibana makes the ids of spaces.
var spaceID = regexp.MustCompile(`^[a-z0-9_-]{1,1000}$`)

// Limits on lists of the configuration: what is larger is a mistake.
const maxGrants = 1000

// Default returns the settings that hold where the configuration says nothing.
func Default() Settings {
	return Settings{Claim: "kibana", Accept: []string{"all"}, Owner: "lookup", OwnerTTL: 5 * time.Minute}
}

// Faults names everything that is wrong with the settings, each line with the key that it is about.
func (s Settings) Faults() []string {
	var faults []string
	if s.Claim == "" {
		if len(s.Grants) == 0 {
			faults = append(faults, "claim: is empty and there are no grants, so nobody could attach: name the claim that holds Kibana's privileges")
		}
	} else if _, wrong := parsePath(s.Claim); wrong != "" {
		faults = append(faults, "claim: "+wrong)
	}
	if len(s.Accept) == 0 {
		faults = append(faults, "accept: is empty, so nobody could attach: list feature privileges, e.g. all")
	}
	for _, level := range s.Accept {
		if levelBits[level] == 0 {
			faults = append(faults, "accept: "+strconv.Quote(level)+" is no feature privilege that lets attach: write all, minimal_all or create_comment")
		}
	}
	if s.Owner != "lookup" && s.Owner != "any" && ownerBits[s.Owner] == 0 {
		faults = append(faults, "owner: "+strconv.Quote(s.Owner)+" is not known: write lookup, any, cases, observability or securitySolution")
	}
	if s.OwnerTTL < 0 {
		faults = append(faults, "ownerTtl: is negative: write a duration such as 5m, or 0 to remember nothing")
	}
	if len(s.Grants) > maxGrants {
		return append(faults, "grants: has more than "+strconv.Itoa(maxGrants)+" entries: join entries with the same owners and spaces")
	}
	for i, grant := range s.Grants {
		faults = append(faults, grant.faults("grants["+strconv.Itoa(i)+"].")...)
	}
	return faults
}

// faults names what is wrong with one grant; at is the path of the grant with a dot at its end.
func (g Grant) faults(at string) []string {
	var faults []string
	if g.Claim == "" {
		faults = append(faults, at+"claim: is missing: name the claim to look at")
	} else if _, wrong := parsePath(g.Claim); wrong != "" {
		faults = append(faults, at+"claim: "+wrong)
	}
	if len(g.Values) == 0 {
		faults = append(faults, at+"values: is missing or empty: list the values of the claim that may attach")
	}
	for _, value := range g.Values {
		if value == "" {
			faults = append(faults, at+"values: holds an empty value: write the value, or take it out")
		}
	}
	if len(g.Owners) == 0 {
		faults = append(faults, at+"owners: is missing or empty: list some of cases, observability and securitySolution")
	}
	for _, owner := range g.Owners {
		if ownerBits[owner] == 0 {
			faults = append(faults, at+"owners: "+strconv.Quote(owner)+" is not known: write cases, observability or securitySolution")
		}
	}
	if len(g.Spaces) == 0 {
		faults = append(faults, at+"spaces: is missing or empty: list ids of spaces, or \"*\" for every space")
	}
	for _, space := range g.Spaces {
		if space != "*" && !spaceID.MatchString(space) {
			faults = append(faults, at+"spaces: "+strconv.Quote(space)+" is no id of a space (small letters, digits, _ and -): take the id from the space's address /s/{id}, or write \"*\"")
		}
	}
	return faults
}
