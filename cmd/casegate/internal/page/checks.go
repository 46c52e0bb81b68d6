package page

// Check is one of the gate's ten checks, with the codes that it refuses with.
type Check struct {
	Name  string   `json:"name"`
	About string   `json:"about"`
	Codes []string `json:"codes"`
}

// Checks are in the order in which the gate makes them. privilege_missing stands at the first check that gives it; an answer
// that names the case's owner in its attributes comes from the check of the case.
var Checks = []Check{
	{"Route", "is this an upload, and to which case", []string{"misconfigured", "path_ambiguous"}},
	{"Token", "is the bearer token good", []string{"token_missing", "token_malformed", "token_invalid", "token_expired", "keys_unavailable"}},
	{"Privilege", "may the caller attach to any case of the space", []string{"privilege_missing"}},
	{"kbn-xsrf", "is the header there that Kibana asks for", []string{"xsrf_missing"}},
	{"Headers", "content type, encodings, declared length", []string{"content_type", "content_encoding", "version_unsupported", "body_too_large"}},
	{"Case", "whose is the case, and may the caller attach to it", []string{"case_not_found", "case_lookup_failed", "token_refused"}},
	{"Form", "is the body one plain form with one file", []string{"form_malformed", "form_part_unexpected", "file_missing", "filename_invalid"}},
	{"Content", "is the file what its name says, and may it pass", []string{"type_not_allowed", "content_mismatch", "executable_content", "active_content", "archive_unsafe", "image_unsafe", "file_too_large"}},
	{"Scan", "does the malware scanner object", []string{"malware_found", "scanner_unavailable"}},
	{"Delivery", "the gate writes the request to Kibana anew", []string{"storage_unavailable", "internal"}},
}
