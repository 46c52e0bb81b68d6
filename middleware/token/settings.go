package token

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Settings say which tokens are accepted. Exactly one key source is used: secret, secretFile, publicKey, publicKeyFile,
// jwksFile, jwksUrl, or discovery from the issuer when none of these is given.
type Settings struct {
	// Issuer is the required `iss` of every token. With no key source given, it is also where OpenID Connect discovery
	// starts. Without it any issuer that signs with the configured keys is accepted: give it whenever a key address
	// serves more than one issuer or tenant.
	Issuer string
	// Audience: the token's `aud` must contain one of these. Empty: `aud` is not looked at, so that a token which the
	// same issuer made for another service is accepted too.
	Audience []string
	// Algorithms that are accepted. Empty: those of the key source, which are RS256, RS384, RS512, PS256, PS384, PS512,
	// ES256, ES384, ES512 and EdDSA for public keys, and HS256, HS384 and HS512 for a secret. Never both families.
	Algorithms []string
	// JWKSURL is the address of a JSON Web Key Set (RFC 7517), https unless the host is a loopback address. Secrets
	// (`oct` keys) and RSA keys under 2048 bits in it are not used.
	JWKSURL string
	// JWKSFile is the path of a JSON Web Key Set: either public keys or secrets (`oct`), never both.
	JWKSFile string
	// PublicKey is one or more PEM blocks (PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE; the dates of a certificate are
	// not looked at), or the text of a JSON Web Key Set with public keys. RSA keys have at least 2048 bits.
	PublicKey string
	// PublicKeyFile is the path of a file that holds what publicKey would hold.
	PublicKeyFile string
	// Secret is a shared HMAC secret of at least 32 bytes, taken as it stands (it is not decoded).
	Secret string
	// SecretFile is the path of a file that holds the secret. One line end after it is not part of it.
	SecretFile string
	// CAFile is the path of a PEM file with the certificate authorities that may vouch for the address of the keys.
	// Empty: those of the system.
	CAFile string
	// Leeway is the clock skew that is tolerated for exp, nbf and iat: 0s to 10m.
	Leeway time.Duration
	// Cookie names a cookie from which the token is taken when there is no Authorization header. Empty: none.
	Cookie string
	// KeysTTL is how long fetched keys are used before they are fetched again, in the background: 1s to 24h. After twice that time without a request, the next one waits for the fetch.
	KeysTTL time.Duration
	// KeysMaxStale is how long after they were fetched keys still serve while their address does not answer: at least
	// keysTtl. Beyond it requests are refused with keys_unavailable.
	KeysMaxStale time.Duration
	// UserClaim is the name of the claim that names the user (not a path: a dot is part of the name).
	UserClaim string
	// InsecureHTTP allows key addresses that are http:// and not loopback. Whoever can change the traffic to them can
	// then make tokens.
	InsecureHTTP bool
	// Forward passes the Authorization header and the token's cookie on to Kibana. false removes them.
	Forward bool
	// PassSchemes are Authorization schemes other than Bearer that Kibana itself authenticates, e.g. ApiKey or Basic.
	PassSchemes []string
}

// The limits of the durations.
const (
	maxLeeway  = 10 * time.Minute
	minKeysTTL = time.Second
	maxKeysTTL = 24 * time.Hour
)

// httpToken is a token of RFC 9110, section 5.6.2: what names of cookies and of authentication schemes are made of.
var httpToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// Default returns the settings that hold where the configuration says nothing. They name no issuer and no keys yet.
func Default() Settings {
	return Settings{
		Leeway:       30 * time.Second,
		KeysTTL:      15 * time.Minute,
		KeysMaxStale: 24 * time.Hour,
		UserClaim:    "sub",
		Forward:      true,
	}
}

// Faults returns everything that is wrong with the settings, each as "key: what is wrong and what to write instead".
// The files that the settings name are read for this; nothing is fetched.
func (s Settings) Faults() []string {
	faults := s.sourceFaults()
	faults = append(faults, s.algorithmFaults()...)
	for i, audience := range s.Audience {
		if audience == "" {
			faults = append(faults, "audience["+strconv.Itoa(i)+"]: is empty: write the audience, or remove the entry")
		}
	}
	if s.Leeway < 0 || s.Leeway > maxLeeway {
		faults = append(faults, "leeway: must be between 0s and 10m")
	}
	if s.KeysTTL < minKeysTTL || s.KeysTTL > maxKeysTTL {
		faults = append(faults, "keysTtl: must be between 1s and 24h")
	}
	if s.KeysMaxStale < s.KeysTTL {
		faults = append(faults, "keysMaxStale: must not be less than keysTtl")
	}
	if s.Cookie != "" && !httpToken.MatchString(s.Cookie) {
		faults = append(faults, "cookie: is not the name of a cookie: write the name alone")
	}
	if s.UserClaim == "" {
		faults = append(faults, "userClaim: is empty: write the name of the claim that names the user, e.g. sub")
	}
	return append(faults, s.schemeFaults()...)
}

// sourceFaults judges the key source and what belongs to it.
func (s Settings) sourceFaults() []string {
	faults := []string{}
	if strings.TrimSpace(s.Issuer) != s.Issuer {
		faults = append(faults, "issuer: has blanks around it: write the issuer exactly as it stands in iss")
	}
	origins := s.origins()
	switch {
	case len(origins) > 1:
		names := make([]string, len(origins))
		for i, o := range origins {
			names[i] = o.key
		}
		faults = append(faults, names[0]+": is given together with "+strings.Join(names[1:], ", ")+
			": exactly one key source may be given")
	case len(origins) == 0 && s.Issuer == "":
		faults = append(faults, "issuer: is missing: write the issuer of the tokens, from where the keys are then "+
			"discovered, or give jwksUrl, jwksFile, publicKey, publicKeyFile, secret or secretFile")
	case len(origins) == 0 && strings.Contains(s.Issuer, "?"):
		faults = append(faults, "issuer: has a query, which the issuer of OpenID Connect can't have: give jwksUrl")
	case len(origins) == 0:
		if fault := addressFault(s.Issuer, s.InsecureHTTP); fault != "" {
			faults = append(faults, "issuer: "+fault+"; or give the keys in another way (jwksUrl, publicKey, secret …)")
		}
	}
	for _, o := range origins {
		if fault := o.fault(s); fault != "" {
			faults = append(faults, o.key+": "+fault)
		}
	}
	if s.CAFile != "" {
		if _, fault := certificatePool(s.CAFile); fault != "" {
			faults = append(faults, "caFile: "+fault)
		}
	}
	return faults
}

// algorithmFaults judges the names of the algorithms, and whether they belong to the key source.
func (s Settings) algorithmFaults() []string {
	faults := []string{}
	secret, public := 0, 0
	for i, name := range s.Algorithms {
		family, known := algorithmFamilies[name]
		switch {
		case !known:
			faults = append(faults, "algorithms["+strconv.Itoa(i)+"]: is not an algorithm for signatures that is "+
				"supported: write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384 or HS512")
		case family == familySecret:
			secret++
		default:
			public++
		}
	}
	switch {
	case secret > 0 && public > 0:
		faults = append(faults, "algorithms: HS… (a shared secret) and algorithms for public keys are never accepted "+
			"together: write those of the key source alone")
	case secret+public == 0:
	default:
		family := s.family()
		if family == familySecret && public > 0 {
			faults = append(faults, "algorithms: the key source is a secret: write HS256, HS384 or HS512, or give public keys")
		}
		if family == familyPublic && secret > 0 {
			faults = append(faults, "algorithms: the key source holds public keys: write algorithms for these, or give a secret")
		}
	}
	return faults
}

// schemeFaults judges the authentication schemes that are passed on.
func (s Settings) schemeFaults() []string {
	faults := []string{}
	seen := map[string]bool{}
	for i, scheme := range s.PassSchemes {
		key := "passSchemes[" + strconv.Itoa(i) + "]"
		name := strings.ToLower(scheme)
		switch {
		case !httpToken.MatchString(scheme):
			faults = append(faults, key+": is not the name of an authentication scheme: write it alone, e.g. ApiKey")
		case name == "bearer":
			faults = append(faults, key+": Bearer can't be passed on: it is what is checked here")
		case seen[name]:
			faults = append(faults, key+": stands in the list twice")
		}
		seen[name] = true
	}
	return faults
}

// addressFault judges an address from which keys are to be fetched.
func addressFault(address string, insecureHTTP bool) string {
	parsed, err := url.Parse(address)
	switch {
	case err != nil || parsed.Hostname() == "" || parsed.Opaque != "":
		return "is not an address that keys can be fetched from: write it in full, https://host/path"
	case parsed.User != nil || parsed.Fragment != "" || strings.ContainsAny(address, " \t\r\n"):
		return "holds a user, a fragment or blanks: write the plain address, https://host/path"
	case parsed.Scheme == "https":
		return ""
	case parsed.Scheme != "http":
		return "must begin with https://"
	case insecureHTTP || isLoopback(parsed.Hostname()):
		return ""
	default:
		return "must begin with https:// (http:// is for loopback addresses; insecureHttp allows it for others)"
	}
}
