package middleware

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/privilege"
	"github.com/casegate/casegate/middleware/scan"
	"github.com/casegate/casegate/middleware/token"
)

// Policy is the whole configuration of a gate. Every field is a key of the configuration, in lower camel case.
type Policy struct {
	// Enforcement is `enforce` or `report`. With `report` everything is checked and audited, nothing is refused but for
	// a bad configuration, and Kibana receives exactly the bytes that came; the answer carries X-Casegate-Report with the
	// code that would have refused it.
	Enforcement string
	// BasePath is Kibana's server.basePath as the gate sees it, such as /kibana. An upload under any other prefix is
	// refused.
	BasePath string
	// Token says which bearer tokens are accepted.
	Token token.Settings
	// Privileges says which callers may attach files, and to which cases.
	Privileges privilege.Settings
	// Files says what a file may be.
	Files content.Settings
	// Delivery says how an upload is kept until Kibana may have it.
	Delivery Delivery
	// Scan names a malware scanner.
	Scan scan.Settings
	// Audit says where decisions are recorded.
	Audit audit.Settings
	// MetricsPath is the path, such as /-/casegate/metrics, at which the gate itself answers GET with Prometheus text.
	// Give that path a router of its own behind ipAllowList. Empty: no metrics.
	MetricsPath string
	// BlobUploads says what happens at Kibana's other upload door, the files API: `ignore`, `check` (name, type, bytes
	// and size as for uploads; no token is asked) or `refuse`.
	BlobUploads string
	// TrustedHops is how many proxies in front of the gate are trusted to append to X-Forwarded-For; the audit events'
	// source.ip depends on it. It is no key of the configuration: each host of the gate knows it.
	TrustedHops int
}

// Delivery says how an upload is kept until Kibana may have it.
type Delivery struct {
	// Mode is `hold` (nothing goes to Kibana before the whole request has passed) or `stream` (plain types flow on while
	// they are read; a violation found late breaks the upstream request off).
	Mode string
	// Memory is how many bytes of one held upload stay in memory before it moves to a temporary file.
	Memory int64
	// Directory is where temporary files are made; they are unlinked at once. Empty: the system's.
	Directory string
	// MaxHeld limits all held bytes of the process together. Beyond it uploads are answered with 503
	// storage_unavailable and Retry-After.
	MaxHeld int64
}

// DefaultPolicy is the policy of an empty configuration. It lacks a source of token keys, and so is not usable as it is.
func DefaultPolicy() Policy {
	return Policy{
		Enforcement: "enforce",
		Token:       token.Default(),
		Privileges:  privilege.Default(),
		Files:       content.Default(),
		Delivery:    Delivery{Mode: "hold", Memory: 1 << 20, MaxHeld: 4 << 30},
		Scan:        scan.Default(),
		Audit:       audit.Default(),
		BlobUploads: "ignore",
	}
}

// Decode makes a policy out of a raw configuration: text, numbers, booleans, lists and maps as YAML, Traefik's providers
// or labels give them. It returns all faults at once, each "path: problem"; with faults the policy must not be used for
// anything but its BlobUploads and BasePath.
func Decode(raw map[string]any) (Policy, []string) {
	faults := []string{}
	p := DefaultPolicy()
	top := newSection("", raw, &faults)
	top.text("enforcement", &p.Enforcement)
	top.text("basePath", &p.BasePath)
	decodeToken(top.section("token"), &p.Token)
	decodePrivileges(top.section("privileges"), &p.Privileges)

	files := top.section("files")
	files.size("maxSize", &p.Files.MaxSize)
	files.size("maxImageSize", &p.Files.MaxImageSize)
	files.list("allowedMimeTypes", &p.Files.AllowedMimeTypes)
	files.text("activeContent", &p.Files.ActiveContent)
	files.text("archives", &p.Files.Archives)
	files.done()

	delivery := top.section("delivery")
	delivery.text("mode", &p.Delivery.Mode)
	delivery.size("memory", &p.Delivery.Memory)
	delivery.text("directory", &p.Delivery.Directory)
	delivery.size("maxHeld", &p.Delivery.MaxHeld)
	delivery.done()

	scanner := top.section("scan")
	scanner.text("clamd", &p.Scan.Clamd)
	scanner.duration("timeout", &p.Scan.Timeout)
	scanner.text("onError", &p.Scan.OnError)
	scanner.done()

	log := top.section("audit")
	log.text("output", &p.Audit.Output)
	log.flag("sha256", &p.Audit.SHA256)
	log.done()

	top.text("metricsPath", &p.MetricsPath)
	top.text("blobUploads", &p.BlobUploads)
	top.done()
	faults = append(faults, p.Faults()...)
	return p, faults
}

func decodeToken(s *section, t *token.Settings) {
	s.text("issuer", &t.Issuer)
	s.list("audience", &t.Audience)
	s.list("algorithms", &t.Algorithms)
	s.text("jwksUrl", &t.JWKSURL)
	s.text("jwksFile", &t.JWKSFile)
	s.text("publicKey", &t.PublicKey)
	s.text("publicKeyFile", &t.PublicKeyFile)
	s.text("secret", &t.Secret)
	s.text("secretFile", &t.SecretFile)
	s.text("caFile", &t.CAFile)
	s.duration("leeway", &t.Leeway)
	s.text("cookie", &t.Cookie)
	s.duration("keysTtl", &t.KeysTTL)
	s.duration("keysMaxStale", &t.KeysMaxStale)
	s.text("userClaim", &t.UserClaim)
	s.flag("insecureHttp", &t.InsecureHTTP)
	s.flag("forward", &t.Forward)
	s.list("passSchemes", &t.PassSchemes)
	s.done()
}

func decodePrivileges(s *section, p *privilege.Settings) {
	s.text("claim", &p.Claim)
	s.list("accept", &p.Accept)
	s.text("owner", &p.Owner)
	s.duration("ownerTtl", &p.OwnerTTL)
	for _, element := range s.sections("grants") {
		grant := privilege.Grant{}
		element.text("claim", &grant.Claim)
		element.list("values", &grant.Values)
		element.list("owners", &grant.Owners)
		element.list("spaces", &grant.Spaces)
		element.done()
		p.Grants = append(p.Grants, grant)
	}
	s.done()
}

// Faults lists everything that is wrong with the policy's values, each "path: problem".
func (p Policy) Faults() []string {
	faults := []string{}
	faults = append(faults, choice("enforcement", p.Enforcement, "enforce", "report")...)
	if p.BasePath != "" && !plainPath.MatchString(p.BasePath) {
		faults = append(faults, "basePath: must begin with /, not end with /, and hold plain segments only, such as /kibana")
	}
	faults = append(faults, under("token", p.Token.Faults())...)
	faults = append(faults, under("privileges", p.Privileges.Faults())...)
	faults = append(faults, under("files", p.Files.Faults())...)
	faults = append(faults, under("delivery", p.Delivery.Faults())...)
	faults = append(faults, under("scan", p.Scan.Faults())...)
	faults = append(faults, under("audit", p.Audit.Faults())...)
	if p.MetricsPath != "" && !plainPath.MatchString(p.MetricsPath) {
		faults = append(faults, "metricsPath: must be a plain path such as /-/casegate/metrics")
	}
	return append(faults, choice("blobUploads", p.BlobUploads, "ignore", "check", "refuse")...)
}

// plainPath is a path that every reader reads in the same way.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

// Faults lists everything that is wrong with the settings.
func (d Delivery) Faults() []string {
	faults := choice("mode", d.Mode, "hold", "stream")
	if d.Memory < 0 || d.Memory > 64<<20 {
		faults = append(faults, "memory: must be between 0 and 64MiB; larger uploads belong in a temporary file")
	}
	if d.MaxHeld < 1<<20 {
		faults = append(faults, "maxHeld: must be at least 1MiB")
	}
	return faults
}

func choice(key, value string, allowed ...string) []string {
	for _, one := range allowed {
		if value == one {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: must be one of %s, not %s", key, strings.Join(allowed, ", "), describe(value))}
}

func under(path string, faults []string) []string {
	full := make([]string, 0, len(faults))
	for _, fault := range faults {
		full = append(full, path+"."+fault)
	}
	return full
}
