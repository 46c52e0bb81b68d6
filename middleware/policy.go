package middleware

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/audit"
	"github.com/casegate/casegate/middleware/content"
	"github.com/casegate/casegate/middleware/keys"
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
	top := keys.New("", raw, &faults)
	top.Text("enforcement", &p.Enforcement)
	top.Text("basePath", &p.BasePath)
	decodeToken(top.Section("token"), &p.Token)
	decodePrivileges(top.Section("privileges"), &p.Privileges)

	files := top.Section("files")
	files.Size("maxSize", &p.Files.MaxSize)
	files.Size("maxImageSize", &p.Files.MaxImageSize)
	files.List("allowedMimeTypes", &p.Files.AllowedMimeTypes)
	files.Text("activeContent", &p.Files.ActiveContent)
	files.Text("archives", &p.Files.Archives)
	files.Done()

	delivery := top.Section("delivery")
	delivery.Text("mode", &p.Delivery.Mode)
	delivery.Size("memory", &p.Delivery.Memory)
	delivery.Text("directory", &p.Delivery.Directory)
	delivery.Size("maxHeld", &p.Delivery.MaxHeld)
	delivery.Done()

	scanner := top.Section("scan")
	scanner.Text("clamd", &p.Scan.Clamd)
	scanner.Duration("timeout", &p.Scan.Timeout)
	scanner.Text("onError", &p.Scan.OnError)
	scanner.Done()

	log := top.Section("audit")
	log.Text("output", &p.Audit.Output)
	log.Flag("sha256", &p.Audit.SHA256)
	log.Done()

	top.Text("metricsPath", &p.MetricsPath)
	top.Text("blobUploads", &p.BlobUploads)
	top.Done()
	faults = append(faults, p.Faults()...)
	return p, faults
}

func decodeToken(s *keys.Section, t *token.Settings) {
	s.Text("issuer", &t.Issuer)
	s.List("audience", &t.Audience)
	s.List("algorithms", &t.Algorithms)
	s.Text("jwksUrl", &t.JWKSURL)
	s.Text("jwksFile", &t.JWKSFile)
	s.Text("publicKey", &t.PublicKey)
	s.Text("publicKeyFile", &t.PublicKeyFile)
	s.Text("secret", &t.Secret)
	s.Text("secretFile", &t.SecretFile)
	s.Text("caFile", &t.CAFile)
	s.Duration("leeway", &t.Leeway)
	s.Text("cookie", &t.Cookie)
	s.Duration("keysTtl", &t.KeysTTL)
	s.Duration("keysMaxStale", &t.KeysMaxStale)
	s.Text("userClaim", &t.UserClaim)
	s.Flag("insecureHttp", &t.InsecureHTTP)
	s.Flag("forward", &t.Forward)
	s.List("passSchemes", &t.PassSchemes)
	s.Done()
}

func decodePrivileges(s *keys.Section, p *privilege.Settings) {
	s.Text("claim", &p.Claim)
	s.List("accept", &p.Accept)
	s.Text("owner", &p.Owner)
	s.Duration("ownerTtl", &p.OwnerTTL)
	for _, element := range s.Sections("grants") {
		grant := privilege.Grant{}
		element.Text("claim", &grant.Claim)
		element.List("values", &grant.Values)
		element.List("owners", &grant.Owners)
		element.List("spaces", &grant.Spaces)
		element.Done()
		p.Grants = append(p.Grants, grant)
	}
	s.Done()
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
	return []string{fmt.Sprintf("%s: must be one of %s, not %s", key, strings.Join(allowed, ", "), keys.Describe(value))}
}

func under(path string, faults []string) []string {
	full := make([]string, 0, len(faults))
	for _, fault := range faults {
		full = append(full, path+"."+fault)
	}
	return full
}
