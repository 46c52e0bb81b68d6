package privilege

// judgeCase is one row: settings, claims as JSON, and who may attach where.
type judgeCase struct {
	name     string
	settings Settings
	claims   string
	// may lists owner@space pairs that are allowed; all other pairs of probes are not.
	may []string
}

// probeOwners and probeSpaces are the pairs that every row is asked for.
var (
	probeOwners = []string{"cases", "observability", "securitySolution", "", "all"}
	probeSpaces = []string{"default", "soc", "*", ""}
)

// accepting are the default settings with another accept list.
func accepting(levels ...string) Settings {
	s := Default()
	s.Accept = levels
	return s
}

// at are the default settings with another claim path.
func at(path string) Settings {
	s := Default()
	s.Claim = path
	return s
}

// granting are the default settings with one grant of owner cases in space soc.
func granting(claim string, values ...string) Settings {
	s := Default()
	s.Grants = []Grant{{Claim: claim, Values: values, Owners: []string{"cases"}, Spaces: []string{"soc"}}}
	return s
}

// everywhere are the pairs of an owner in all probed spaces.
func everywhere(owners ...string) []string {
	var pairs []string
	for _, owner := range owners {
		for _, space := range probeSpaces {
			pairs = append(pairs, owner+"@"+space)
		}
	}
	return pairs
}

func all(space string) []string {
	return []string{"cases@" + space, "observability@" + space, "securitySolution@" + space}
}

// role wraps entries of a role array.
func role(entries string) string { return `{"kibana":[` + entries + `]}` }

// app is a claim with one application entry in space soc.
func app(privileges string) string {
	return `{"kibana":{"applications":[{"application":"kibana-.kibana","privileges":[` + privileges + `],"resources":["space:soc"]}]}}`
}

// judgeCases is the table. It needs no testing package, so that the interpreter can run it too.
func judgeCases() []judgeCase {
	soc := []string{"cases@soc"}
	split := `{"feature":{"generalCasesV2":["minimal_all","create_comment"]},"spaces":["soc"]}`
	two := Default()
	two.Grants = []Grant{
		{Claim: "groups", Values: []string{"a"}, Owners: []string{"cases"}, Spaces: []string{"soc"}},
		{Claim: "groups", Values: []string{"b"}, Owners: []string{"observability", "securitySolution"}, Spaces: []string{"default", "soc"}},
	}
	star := granting("groups", "a")
	star.Grants[0].Spaces = []string{"*"}
	noClaim := granting("groups", "a")
	noClaim.Claim = ""
	return []judgeCase{
		// Kibana's form.
		{"no claims", Default(), `{}`, nil},
		{"another claim only", Default(), `{"sub":"x"}`, nil},
		{"base all in one space", Default(), role(`{"base":["all"],"feature":{},"spaces":["soc"]}`), all("soc")},
		{"base all everywhere", Default(), role(`{"base":["all"],"spaces":["*"]}`), everywhere("cases", "observability", "securitySolution")},
		{"base read", Default(), role(`{"base":["read"],"spaces":["soc"]}`), nil},
		{"base read and all", Default(), role(`{"base":["read","all"],"spaces":["soc"]}`), all("soc")},
		{"base as a string", Default(), role(`{"base":"all","spaces":["soc"]}`), nil},
		{"management, first generation", Default(), role(`{"feature":{"generalCases":["all"]},"spaces":["soc"]}`), soc},
		{"management, second generation", Default(), role(`{"feature":{"generalCasesV2":["all"]},"spaces":["soc"]}`), soc},
		{"management, third generation", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]}`), soc},
		{"observability, first generation", Default(), role(`{"feature":{"observabilityCases":["all"]},"spaces":["soc"]}`), []string{"observability@soc"}},
		{"observability, second generation", Default(), role(`{"feature":{"observabilityCasesV2":["all"]},"spaces":["soc"]}`), []string{"observability@soc"}},
		{"observability, third generation", Default(), role(`{"feature":{"observabilityCasesV3":["all"]},"spaces":["soc"]}`), []string{"observability@soc"}},
		{"security, first generation", Default(), role(`{"feature":{"securitySolutionCases":["all"]},"spaces":["soc"]}`), []string{"securitySolution@soc"}},
		{"security, second generation", Default(), role(`{"feature":{"securitySolutionCasesV2":["all"]},"spaces":["soc"]}`), []string{"securitySolution@soc"}},
		{"security, third generation", Default(), role(`{"feature":{"securitySolutionCasesV3":["all"]},"spaces":["soc"]}`), []string{"securitySolution@soc"}},
		{"unknown generation", Default(), role(`{"feature":{"generalCasesV4":["all"]},"spaces":["soc"]}`), nil},
		{"feature name in another case", Default(), role(`{"feature":{"GeneralCasesV3":["all"]},"spaces":["soc"]}`), nil},
		{"another feature", Default(), role(`{"feature":{"discover":["all"]},"spaces":["soc"]}`), nil},
		{"read on the feature", Default(), role(`{"feature":{"generalCasesV3":["read"]},"spaces":["soc"]}`), nil},
		{"read among others with all", Default(), role(`{"feature":{"generalCasesV3":["read","all"]},"spaces":["soc"]}`), soc},
		{"level in another case", Default(), role(`{"feature":{"generalCasesV3":["ALL"]},"spaces":["soc"]}`), nil},
		{"two features in one entry", Default(), role(`{"feature":{"generalCasesV3":["all"],"observabilityCases":["all"]},"spaces":["soc"]}`), []string{"cases@soc", "observability@soc"}},
		{"two entries, two spaces", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]},{"feature":{"observabilityCases":["all"]},"spaces":["default"]}`), []string{"cases@soc", "observability@default"}},
		{"one entry, two spaces", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc","default"]}`), []string{"cases@soc", "cases@default"}},
		{"every space for one owner", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["*"]}`), everywhere("cases")},
		{"spaces missing", Default(), role(`{"feature":{"generalCasesV3":["all"]}}`), nil},
		{"spaces empty", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":[]}`), nil},
		{"spaces as a string", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":"soc"}`), nil},
		{"space in another case", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["SOC"]}`), nil},
		{"space prefix is no wildcard", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["so*"]}`), nil},
		{"wrong types among spaces", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc",7,null,["default"],{"id":"default"}]}`), soc},
		{"a string entry after a good one", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]},"x",{"spaces":["default"]}`), soc},
		{"an entry of a wrong type between two", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]},7,{"feature":{"generalCasesV3":["read"]},"spaces":["default"]}`), soc},
		{"levels of a wrong type after all in another entry", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]},{"feature":{"generalCasesV3":[7]},"spaces":["default"]}`), soc},
		{"feature of a wrong type after a good entry", Default(), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]},{"feature":["generalCasesV3"],"spaces":["default"]}`), soc},
		{"a number among levels", Default(), role(`{"feature":{"generalCasesV3":[1,"read",true]},"spaces":["soc"]}`), nil},
		{"levels as a string", Default(), role(`{"feature":{"generalCasesV3":"all"},"spaces":["soc"]}`), nil},
		{"levels as an object", Default(), role(`{"feature":{"generalCasesV3":{"all":true}},"spaces":["soc"]}`), nil},
		{"null entry", Default(), role(`null`), nil},
		{"nested array", Default(), role(`[{"base":["all"],"spaces":["soc"]}]`), nil},
		{"claim is null", Default(), `{"kibana":null}`, nil},
		{"claim is a string", Default(), `{"kibana":"all"}`, nil},
		{"claim is a number", Default(), `{"kibana":1}`, nil},
		{"claim is true", Default(), `{"kibana":true}`, nil},
		{"claim is one entry without its array", Default(), `{"kibana":{"base":["all"],"spaces":["soc"]}}`, nil},

		// accept.
		{"minimal_all is not accepted by default", Default(), role(split), nil},
		{"minimal_all with create_comment", accepting("all", "minimal_all"), role(split), soc},
		{"minimal_all without create_comment", accepting("all", "minimal_all"), role(`{"feature":{"generalCasesV2":["minimal_all"]},"spaces":["soc"]}`), nil},
		{"minimal_all of the first generation", accepting("all", "minimal_all"), role(`{"feature":{"generalCases":["minimal_all"]},"spaces":["soc"]}`), soc},
		{"minimal_all and create_comment on different features", accepting("all", "minimal_all"), role(`{"feature":{"generalCasesV2":["minimal_all"],"generalCasesV3":["create_comment"]},"spaces":["soc"]}`), nil},
		{"create_comment with minimal_read is not minimal_all", accepting("all", "minimal_all"), role(`{"feature":{"generalCasesV3":["minimal_read","create_comment"]},"spaces":["soc"]}`), nil},
		{"create_comment accepted", accepting("create_comment"), role(`{"feature":{"generalCasesV3":["minimal_read","create_comment"]},"spaces":["soc"]}`), soc},
		{"create_comment accepted, first generation", accepting("create_comment"), role(`{"feature":{"generalCases":["minimal_read","create_comment"]},"spaces":["soc"]}`), nil},
		{"create_comment accepted does not accept minimal_all", accepting("create_comment"), role(`{"feature":{"generalCases":["minimal_all"]},"spaces":["soc"]}`), nil},
		{"all not accepted", accepting("minimal_all"), role(`{"feature":{"generalCasesV3":["all"]},"spaces":["soc"]}`), nil},
		{"all not accepted, base all", accepting("minimal_all"), role(`{"base":["all"],"spaces":["soc"]}`), nil},
		{"cases_delete lets nobody attach", accepting("all", "minimal_all", "create_comment"), role(`{"feature":{"generalCasesV3":["minimal_read","cases_delete"]},"spaces":["soc"]}`), nil},

		// Elasticsearch's form.
		{"application, feature all", Default(), app(`"feature_generalCasesV3.all"`), soc},
		{"application, first generation", Default(), app(`"feature_securitySolutionCases.all"`), []string{"securitySolution@soc"}},
		{"application, feature read", Default(), app(`"feature_generalCasesV3.read"`), nil},
		{"application, space_all", Default(), app(`"space_all"`), all("soc")},
		{"application, all", Default(), app(`"all"`), all("soc")},
		{"application, space_read", Default(), app(`"space_read","read"`), nil},
		{"application, no level", Default(), app(`"feature_generalCasesV3"`), nil},
		{"application, no prefix", Default(), app(`"generalCasesV3.all"`), nil},
		{"application, two dots", Default(), app(`"feature_generalCasesV3.all.x"`), nil},
		{"application, wrong types between", Default(), app(`"feature_generalCasesV3.read",7,null,"feature_observabilityCases.all"`), []string{"observability@soc"}},
		{"application, minimal_all with create_comment", accepting("minimal_all"), app(`"feature_generalCasesV3.minimal_all","feature_generalCasesV3.create_comment"`), soc},
		{"application, minimal_all alone", accepting("minimal_all"), app(`"feature_generalCasesV3.minimal_all"`), nil},
		{"application, array at the claim", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["space_all"],"resources":["space:soc"]}]}`, all("soc")},
		{"application, every resource", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["feature_generalCases.all"],"resources":["*"]}]}`, everywhere("cases")},
		{"application, custom index name", Default(), `{"kibana":[{"application":"kibana-.kibana-other","privileges":["feature_generalCases.all"],"resources":["space:soc"]}]}`, soc},
		{"application of another product", Default(), `{"kibana":[{"application":"fleet","privileges":["all"],"resources":["*"]}]}`, nil},
		{"application of a wrong type after a good one", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["feature_generalCases.all"],"resources":["space:soc"]},{"application":7,"privileges":["all"],"resources":["*"]}]}`, soc},
		{"application wildcard", Default(), `{"kibana":[{"application":"*","privileges":["*"],"resources":["*"]}]}`, nil},
		{"resource space:*", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["all"],"resources":["space:*"]}]}`, nil},
		{"resource without its prefix", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["all"],"resources":["soc"]}]}`, nil},
		{"resources of wrong types between", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["all"],"resources":[7,"space:soc",{}]}]}`, all("soc")},
		{"resources missing", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["all"]}]}`, nil},
		{"applications is no array", Default(), `{"kibana":{"applications":"all"}}`, nil},
		{"both forms in one array", Default(), `{"kibana":[{"application":"kibana-.kibana","privileges":["feature_generalCases.all"],"resources":["space:soc"]},{"feature":{"observabilityCases":["all"]},"spaces":["default"]}]}`, []string{"cases@soc", "observability@default"}},

		// Claim paths.
		{"nested claim", at("resource.kibana"), `{"resource":{"kibana":[{"base":["all"],"spaces":["soc"]}]}}`, all("soc")},
		{"dot in a name", at(`https://idp\.example/kibana`), `{"https://idp.example/kibana":[{"base":["all"],"spaces":["soc"]}]}`, all("soc")},
		{"backslash in a name", at(`a\\b`), `{"a\\b":[{"base":["all"],"spaces":["soc"]}]}`, all("soc")},
		{"escaped backslash, then a real dot", at(`a\\.b`), `{"a\\":{"b":[{"base":["all"],"spaces":["soc"]}]}}`, all("soc")},
		{"a dotted name is not a path", at("a.b"), `{"a.b":[{"base":["all"],"spaces":["soc"]}]}`, nil},
		{"a path through an array", at("a.b"), `{"a":[{"b":[{"base":["all"],"spaces":["soc"]}]}]}`, nil},
		{"a path through a string", at("a.b.c"), `{"a":"b"}`, nil},

		// Grants.
		{"grant, array", granting("groups", "analysts"), `{"groups":["x","analysts"]}`, soc},
		{"grant, array without the value", granting("groups", "analysts"), `{"groups":["x","y"]}`, nil},
		{"grant, wrong types between", granting("groups", "analysts"), `{"groups":[7,null,["analysts"],{"analysts":1}]}`, nil},
		{"grant, wrong type after another value", granting("groups", "analysts"), `{"groups":["x",7,"analysts"]}`, soc},
		{"grant, string", granting("group", "analysts"), `{"group":"analysts"}`, soc},
		{"grant, words", granting("scope", "cases:attach"), `{"scope":"openid cases:attach email"}`, soc},
		{"grant, part of a word", granting("scope", "cases"), `{"scope":"openid cases:attach"}`, nil},
		{"grant, another case", granting("group", "Analysts"), `{"group":"analysts"}`, nil},
		{"grant, other separators", granting("scope", "b"), `{"scope":"a,b\tb"}`, nil},
		{"grant, value with a space, string", granting("group", "SOC team"), `{"group":"SOC team"}`, soc},
		{"grant, value with a space, among words", granting("group", "SOC team"), `{"group":"the SOC team"}`, nil},
		{"grant, array element is not split", granting("groups", "team"), `{"groups":["SOC team"]}`, nil},
		{"grant, pattern is literal", granting("groups", ".*"), `{"groups":["x"]}`, nil},
		{"grant, number", granting("level", "7"), `{"level":7}`, nil},
		{"grant, true", granting("admin", "true"), `{"admin":true}`, nil},
		{"grant, object", granting("groups", "analysts"), `{"groups":{"analysts":true}}`, nil},
		{"grant, null", granting("groups", "analysts"), `{"groups":null}`, nil},
		{"grant, nested claim", granting("realm_access.roles", "analyst"), `{"realm_access":{"roles":["analyst"]}}`, soc},
		{"grant, every space", star, `{"groups":["a"]}`, everywhere("cases")},
		{"two grants, first", two, `{"groups":["a"]}`, soc},
		{"two grants, second", two, `{"groups":["b"]}`, []string{"observability@default", "observability@soc", "securitySolution@default", "securitySolution@soc"}},
		{"two grants, both", two, `{"groups":["b","a"]}`, []string{"cases@soc", "observability@default", "observability@soc", "securitySolution@default", "securitySolution@soc"}},
		{"grant beside a role", granting("groups", "a"), `{"groups":["a"],"kibana":[{"feature":{"observabilityCases":["all"]},"spaces":["default"]}]}`, []string{"cases@soc", "observability@default"}},
		{"no role claim, grant", noClaim, `{"groups":["a"],"kibana":[{"base":["all"],"spaces":["*"]}],"":[{"base":["all"],"spaces":["*"]}]}`, soc},
	}
}
