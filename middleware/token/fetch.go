package token

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The limits of one answer.
const (
	maxAnswer    = 1 << 20 // Bytes.
	maxRedirects = 3
)

// errRedirect ends a request that is led astray.
var errRedirect = errors.New("redirected to another place, or too often")

// fetcher gets the text of a JWK set from its address, or from the address that the issuer's discovery document names.
type fetcher struct {
	address      string // Of the set, or the issuer.
	discover     bool
	caFile       string
	insecureHTTP bool
	timeout      time.Duration
}

// fetch gets the text of the set, or says why it can't be had. Whatever happens, it ends after the timeout.
func (f *fetcher) fetch() (text, fault string) {
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	transport, fault := f.transport()
	if fault != "" {
		return "", fault
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: follow}
	if !f.discover {
		return get(ctx, client, f.address)
	}
	address, fault := f.discovered(ctx, client)
	if fault != "" {
		return "", fault
	}
	return get(ctx, client, address)
}

// discovered gets the address of the set from the issuer (OpenID Connect Discovery 1.0, section 4).
func (f *fetcher) discovered(ctx context.Context, client *http.Client) (address, fault string) {
	text, fault := get(ctx, client, strings.TrimSuffix(f.address, "/")+"/.well-known/openid-configuration")
	if fault != "" {
		return "", "the discovery document " + fault
	}
	var document map[string]any
	if json.Unmarshal([]byte(text), &document) != nil {
		return "", "the discovery document is no JSON object"
	}
	if member(document, "issuer") != f.address {
		return "", "the discovery document is that of another issuer: token.issuer must be written exactly as there"
	}
	address = member(document, "jwks_uri")
	if fault := addressFault(address, f.insecureHTTP); fault != "" {
		return "", "the jwks_uri of the discovery document " + fault
	}
	// A document that came over TLS must not send us to a service of this machine: only an operator names these.
	if strings.HasPrefix(f.address, "https:") && !strings.HasPrefix(address, "https:") && !f.insecureHTTP {
		return "", "the jwks_uri of the discovery document must begin with https://"
	}
	return address, ""
}

// transport is made for each fetch: fetches are rare, nothing stays open between them, and a changed caFile is read.
func (f *fetcher) transport() (transport *http.Transport, fault string) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.caFile != "" {
		pool, fault := certificatePool(f.caFile)
		if fault != "" {
			return nil, "caFile: " + fault
		}
		config.RootCAs = pool
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        config,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}, ""
}

// follow allows redirects on the same scheme, host and port alone.
func follow(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects || req.URL.Scheme != first.Scheme || !strings.EqualFold(req.URL.Host, first.Host) {
		return errRedirect
	}
	return nil
}

// get gets a small text.
func get(ctx context.Context, client *http.Client, address string) (text, fault string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", "can't be asked for"
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "casegate")
	resp, err := client.Do(req)
	if err != nil {
		return "", "can't be fetched: " + err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", "can't be fetched: the answer's status is " + strconv.Itoa(resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return "", "can't be fetched: " + err.Error()
	}
	if len(body) > maxAnswer {
		return "", "can't be used: the answer is larger than 1 MiB"
	}
	return string(body), ""
}
