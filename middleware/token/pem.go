package token

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// parsePublic reads public keys as an operator writes them: PEM blocks, or a JWK set.
func parsePublic(text string) (*keySet, string) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseJWKS(text, jwksPublic)
	}
	return parsePEM(text)
}

// parsePEM reads PEM blocks (RFC 7468). Each must be a public key: text around the blocks is fine, a block that can't be
// read is not.
func parsePEM(text string) (*keySet, string) {
	keys := []*key{}
	rest := []byte(text)
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		material, fault := parseBlock(block)
		if fault != "" {
			return nil, fault
		}
		k, fault := publicKey(material)
		if fault != "" {
			return nil, fault
		}
		keys = append(keys, k)
		if len(keys) > maxTried {
			// Keys in PEM have no names, so that every token would be tried with each of them.
			return nil, "holds more than 16 PEM blocks: remove those that are not used, or give a JWK set with kid"
		}
	}
	// What pem.Decode can't read it skips: such a block would be a key that is silently not there.
	if len(keys) == 0 || strings.Count(text, "-----BEGIN ") != len(keys) {
		return nil, "is neither PEM (-----BEGIN PUBLIC KEY-----) nor a JWK set, or holds a damaged block: give it whole"
	}
	return newKeySet(keys), ""
}

// parseBlock reads one PEM block.
func parseBlock(block *pem.Block) (any, string) {
	var material any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		material, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		material, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		certificate, err = x509.ParseCertificate(block.Bytes)
		if err == nil {
			material = certificate.PublicKey
		}
	default:
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, "holds a private key: give the public key alone, and keep the private one with the issuer"
		}
		return nil, "holds a PEM block that is neither PUBLIC KEY, RSA PUBLIC KEY nor CERTIFICATE"
	}
	if err != nil {
		return nil, "holds a PEM block that can't be read: give it whole"
	}
	return material, ""
}

// certificatePool reads the certificate authorities of caFile.
func certificatePool(path string) (*x509.CertPool, string) {
	text, fault := readFile(path)
	if fault != "" {
		return nil, fault
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, "holds no certificate: give PEM (-----BEGIN CERTIFICATE-----)"
	}
	return pool, ""
}
