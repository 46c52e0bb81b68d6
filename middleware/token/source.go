package token

import (
	"io"
	"net"
	"os"
	"strings"
)

// maxFileSize is how much of a file with keys is read, in bytes: as much as of a fetched answer.
const maxFileSize = 1 << 20

// What the text of a key source may be.
const (
	formSecret = iota // The text is the secret.
	formPublic        // PEM, or a JWK set with public keys.
	formJWKS          // A JWK set: public keys or secrets.
)

// origin is one of the keys of the configuration that can say where the token's keys come from.
type origin struct {
	key   string // As it is written in the configuration.
	value string // The keys themselves, a path, or an address.
	form  int
	file  bool
	url   bool
}

// origins returns the key sources that the settings give: one, when they have no faults; none stands for discovery.
func (s Settings) origins() []origin {
	given := []origin{}
	for _, o := range []origin{
		{key: "jwksUrl", value: s.JWKSURL, form: formJWKS, url: true},
		{key: "jwksFile", value: s.JWKSFile, form: formJWKS, file: true},
		{key: "publicKey", value: s.PublicKey, form: formPublic},
		{key: "publicKeyFile", value: s.PublicKeyFile, form: formPublic, file: true},
		{key: "secret", value: s.Secret, form: formSecret},
		{key: "secretFile", value: s.SecretFile, form: formSecret, file: true},
	} {
		if o.value != "" {
			given = append(given, o)
		}
	}
	return given
}

// fault judges the source as far as that is possible without fetching anything.
func (o origin) fault(s Settings) string {
	if o.url {
		return addressFault(o.value, s.InsecureHTTP)
	}
	_, fault := o.load()
	return fault
}

// load reads the keys of a source that is no address. Everything that can't be used is a fault: an operator wrote it.
func (o origin) load() (*keySet, string) {
	text := o.value
	if o.file {
		content, fault := readFile(o.value)
		if fault != "" {
			return nil, fault
		}
		text = content
	}
	return o.parse(text)
}

// parse reads the keys out of the text of the source.
func (o origin) parse(text string) (*keySet, string) {
	switch o.form {
	case formSecret:
		if o.file {
			// What editors and echo add.
			text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		}
		return parseSecret(text)
	case formPublic:
		return parsePublic(text)
	default:
		return parseJWKS(text, jwksNamed)
	}
}

// family returns the family of the source's keys, or 0 when it can't be known (a file that can't be read has a fault of
// its own).
func (s Settings) family() int {
	origins := s.origins()
	if len(origins) == 0 || origins[0].url {
		return familyPublic
	}
	switch origins[0].form {
	case formSecret:
		return familySecret
	case formPublic:
		return familyPublic
	}
	set, fault := origins[0].load()
	if fault != "" {
		return 0
	}
	return set.family
}

// readFile reads a small text file that the configuration names.
func readFile(path string) (text, fault string) {
	file, err := os.Open(path)
	if err != nil {
		return "", "the file can't be opened: check that it exists and that the gateway may read it"
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return "", "the file can't be read: check that it is a plain file and that the gateway may read it"
	}
	if len(content) > maxFileSize {
		return "", "the file is larger than 1 MiB: it can't be what is meant"
	}
	return string(content), ""
}

// isLoopback says whether the host can only be this machine. A name other than localhost is never taken for it: it
// could resolve to anything.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
