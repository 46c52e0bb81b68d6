package privilege

import (
	"encoding/json"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/casegate/casegate/middleware/lane"
)

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatalf("the row's claims are no JSON: %v", err)
	}
	return claims
}

// pairs lists the probed pairs that the rights allow.
func pairs(r *Rights) []string {
	var may []string
	for _, owner := range probeOwners {
		for _, space := range probeSpaces {
			if Has(r, owner, space) {
				may = append(may, owner+"@"+space)
			}
		}
	}
	return may
}

func TestRights(t *testing.T) {
	for _, row := range judgeCases() {
		t.Run(row.name, func(t *testing.T) {
			if faults := row.settings.Faults(); len(faults) > 0 {
				t.Fatalf("the row's settings are faulty: %v", faults)
			}
			rights := New(row.settings).Rights(decode(t, row.claims))
			got := pairs(rights)
			want := append([]string(nil), row.may...)
			sort.Strings(got)
			sort.Strings(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("may attach to %v, want %v", got, want)
			}
			for _, space := range probeSpaces {
				could := false
				for _, pair := range want {
					could = could || strings.HasSuffix(pair, "@"+space)
				}
				if Any(rights, space) != could {
					t.Errorf("Any(%q) is %v, want %v", space, !could, could)
				}
			}
		})
	}
}

func TestRightsOfClaimsBuiltInGo(t *testing.T) {
	claims := map[string]any{"groups": []string{"x", "a"}}
	if !Has(New(granting("groups", "a")).Rights(claims), "cases", "soc") {
		t.Error("an array of Go strings must count")
	}
	if Any(New(Default()).Rights(nil), "default") {
		t.Error("no claims give no rights")
	}
}

func TestRightsAreBoundedInWork(t *testing.T) {
	entry := map[string]any{"base": []any{"read"}, "spaces": []any{"default"}}
	list := make([]any, 0, 3*maxSteps)
	for len(list) < 3*maxSteps-1 {
		list = append(list, entry)
	}
	list = append(list, map[string]any{"base": []any{"all"}, "spaces": []any{"soc"}})
	if Any(New(Default()).Rights(map[string]any{"kibana": list}), "soc") {
		t.Error("an entry beyond the limit of steps was read")
	}
	words := strings.Repeat("x ", 3*maxSteps) + "a"
	for name, claim := range map[string]any{"string": words, "array": []string(strings.Fields(words))} {
		if Any(New(granting("groups", "a")).Rights(map[string]any{"groups": claim}), "soc") {
			t.Errorf("%s: a value beyond the limit of steps was read", name)
		}
	}
}

func TestFaults(t *testing.T) {
	good := Grant{Claim: "groups", Values: []string{"a"}, Owners: []string{"cases"}, Spaces: []string{"*"}}
	change := func(edit func(s *Settings)) Settings {
		s := Default()
		s.Grants = []Grant{good, good}
		edit(&s)
		return s
	}
	for name, row := range map[string]struct {
		settings Settings
		want     []string // beginnings of the faults
	}{
		"default":                    {Default(), nil},
		"fixed owner":                {change(func(s *Settings) { s.Owner = "securitySolution" }), nil},
		"any owner":                  {change(func(s *Settings) { s.Owner = "any" }), nil},
		"nothing remembered":         {change(func(s *Settings) { s.OwnerTTL = 0 }), nil},
		"every level":                {accepting("all", "minimal_all", "create_comment"), nil},
		"grants without a claim":     {change(func(s *Settings) { s.Claim = "" }), nil},
		"neither claim nor grants":   {at(""), []string{"claim: is empty"}},
		"empty name in the path":     {at("a..b"), []string{"claim: has an empty name"}},
		"path begins with a dot":     {at(".a"), []string{"claim: has an empty name"}},
		"path ends with a dot":       {at("a."), []string{"claim: has an empty name"}},
		"unknown escape":             {at(`a\b`), []string{"claim: holds a backslash"}},
		"backslash at the end":       {at(`a\`), []string{"claim: holds a backslash"}},
		"control character":          {at("a\x00b"), []string{"claim: holds control"}},
		"path too deep":              {at(strings.Repeat("a.", maxDepth) + "a"), []string{"claim: leads too deep"}},
		"no level":                   {accepting(), []string{"accept: is empty"}},
		"level that never attaches":  {accepting("all", "read"), []string{`accept: "read"`}},
		"unknown levels":             {accepting("ALL", ""), []string{`accept: "ALL"`, `accept: ""`}},
		"unknown owner":              {change(func(s *Settings) { s.Owner = "security" }), []string{`owner: "security"`}},
		"empty owner":                {change(func(s *Settings) { s.Owner = "" }), []string{`owner: ""`}},
		"negative time":              {change(func(s *Settings) { s.OwnerTTL = -time.Second }), []string{"ownerTtl: is negative"}},
		"grant without everything":   {change(func(s *Settings) { s.Grants[1] = Grant{} }), []string{"grants[1].claim: ", "grants[1].values: ", "grants[1].owners: ", "grants[1].spaces: "}},
		"grant with a faulty path":   {change(func(s *Settings) { s.Grants[0].Claim = "a..b" }), []string{"grants[0].claim: has an empty name"}},
		"grant with an empty value":  {change(func(s *Settings) { s.Grants[0].Values = []string{"a", ""} }), []string{"grants[0].values: holds an empty"}},
		"grant to an unknown owner":  {change(func(s *Settings) { s.Grants[0].Owners = []string{"*"} }), []string{`grants[0].owners: "*"`}},
		"grant in a strange space":   {change(func(s *Settings) { s.Grants[1].Spaces = []string{"soc", "SOC"} }), []string{`grants[1].spaces: "SOC"`}},
		"grant in an empty space":    {change(func(s *Settings) { s.Grants[1].Spaces = []string{""} }), []string{`grants[1].spaces: ""`}},
		"far too many grants":        {change(func(s *Settings) { s.Grants = make([]Grant, maxGrants+1) }), []string{"grants: has more than"}},
		"all faults in one go":       {Settings{Owner: "x", OwnerTTL: -1, Accept: []string{"y"}}, []string{"claim: ", "accept: ", "owner: ", "ownerTtl: "}},
		"zero settings say it whole": {Settings{}, []string{"claim: ", "accept: ", "owner: "}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := row.settings.Faults()
			if len(faults) != len(row.want) {
				t.Fatalf("%d faults, want %d: %q", len(faults), len(row.want), faults)
			}
			for i, fault := range faults {
				if !strings.HasPrefix(fault, row.want[i]) {
					t.Errorf("fault %q, want one that begins %q", fault, row.want[i])
				}
			}
		})
	}
}

func TestEveryFeatureNameHasAnOwner(t *testing.T) {
	if len(features) != 9 {
		t.Fatalf("%d features, want three generations for three owners", len(features))
	}
	for _, known := range features {
		if known.owner&everyOwner == 0 || known.split != (strings.HasSuffix(known.name, "V2") || strings.HasSuffix(known.name, "V3")) {
			t.Errorf("%s has a faulty row", known.name)
		}
	}
}

func FuzzRights(f *testing.F) {
	for _, row := range judgeCases() {
		f.Add([]byte(row.claims))
	}
	s := accepting("all", "minimal_all", "create_comment")
	s.Grants = []Grant{{Claim: `a.b\.c`, Values: []string{"x"}, Owners: []string{"cases"}, Spaces: []string{"soc"}}}
	judge := New(s)
	f.Fuzz(func(t *testing.T, data []byte) {
		var claims map[string]any
		if json.Unmarshal(data, &claims) != nil {
			return
		}
		before, _ := json.Marshal(claims)
		rights := judge.Rights(claims)
		for _, space := range probeSpaces {
			has := false
			for owner := range ownerBits {
				has = has || Has(rights, owner, space)
			}
			if Any(rights, space) != has {
				t.Errorf("Any(%q) and Has disagree", space)
			}
		}
		if after, _ := json.Marshal(claims); string(after) != string(before) {
			t.Error("the claims were changed")
		}
	})
}

func BenchmarkRights(b *testing.B) {
	claims := decode(b, role(`{"base":[],"feature":{"securitySolutionCasesV3":["all"],"discover":["all"]},"spaces":["default","soc"]}`))
	judge := New(Default())
	for i := 0; i < b.N; i++ {
		judge.Rights(claims)
	}
}

// ask is what Recall says of a caller and cases of an owner.
func ask(r *Rights, owner, space string) *Question {
	q := &Question{Rights: r, Case: &Case{Space: space}, Owner: owner}
	once := lane.Once()
	Recall(once, q)
	lane.Result(once)
	return q
}

// Any tells whether the caller could attach to some case of the space, Has whether to cases of the owner.
func Any(r *Rights, space string) bool        { return ask(r, "", space).Any }
func Has(r *Rights, owner, space string) bool { return ask(r, owner, space).Granted }
