package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate makes a self-signed certificate for 127.0.0.1 and returns it.
func writeCertificate(t *testing.T, folder string, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: "gateway"},
		DNSNames:     []string{"gateway.example"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(folder, "cert.pem"), "CERTIFICATE", der)
	writePEM(t, filepath.Join(folder, "key.pem"), "PRIVATE KEY", keyDER)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func clientTrusting(certificate *x509.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: "gateway.example", MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
	}}
}

func TestTLSAndHTTP2(t *testing.T) {
	k := newKibana(t)
	folder := t.TempDir()
	certificate := writeCertificate(t, folder, 1)
	g := startGateway(t, "upstream: "+k.URL+"\ntls: {certFile: "+folder+"/cert.pem, keyFile: "+folder+"/key.pem}")
	client := clientTrusting(certificate)
	answer, err := client.Do(newUpload(t, "https://"+g.address))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 {
		t.Errorf("got %d over %s", answer.StatusCode, answer.Proto)
	}
	if proto := k.requests(http.MethodPost)[0].Header.Get("X-Forwarded-Proto"); proto != "https" {
		t.Errorf("X-Forwarded-Proto: got %s", proto)
	}
}

func TestCertificateIsTakenAnew(t *testing.T) {
	folder := t.TempDir()
	writeCertificate(t, folder, 1)
	k := newKibana(t)
	g := startGateway(t, "upstream: "+k.URL+"\ntls: {certFile: "+folder+"/cert.pem, keyFile: "+folder+"/key.pem}")
	now := time.Now()
	pair, err := newCertificate(g.server.TLS, g.gateway.log)
	if err != nil {
		t.Fatal(err)
	}
	pair.now = func() time.Time { return now }
	serial := func() int64 {
		t.Helper()
		served, err := pair.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(served.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	later := func(age time.Duration) {
		t.Helper()
		for _, name := range []string{"cert.pem", "key.pem"} {
			changed := time.Now().Add(age)
			if err := os.Chtimes(filepath.Join(folder, name), changed, changed); err != nil {
				t.Fatal(err)
			}
		}
	}

	writeCertificate(t, folder, 2)
	later(time.Minute)
	now = now.Add(2 * lookAgain)
	if got := serial(); got != 2 {
		t.Errorf("after the files have changed: got certificate %d, want 2", got)
	}
	if err := os.WriteFile(filepath.Join(folder, "cert.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	later(2 * time.Minute)
	now = now.Add(2 * lookAgain)
	if got := serial(); got != 2 {
		t.Errorf("after a broken file: got certificate %d, want 2", got)
	}
}

func TestUpstreamTLS(t *testing.T) {
	folder := t.TempDir()
	certificate := writeCertificate(t, folder, 1)
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewUnstartedServer(http.HandlerFunc((&kibana{}).serve))
	upstream.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	upstream.StartTLS()
	defer upstream.Close()
	writePEM(t, filepath.Join(folder, "ca.pem"), "CERTIFICATE", certificate.Raw)

	for name, c := range map[string]struct {
		settings string
		status   int
	}{
		"trusted":                      {"upstreamTls: {caFile: " + folder + "/ca.pem, serverName: gateway.example}", http.StatusOK},
		"trusted, but another name":    {"upstreamTls: {caFile: " + folder + "/ca.pem}", http.StatusBadGateway},
		"nothing known of certificate": {"upstreamTls: {serverName: gateway.example}", http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			g := startGateway(t, "upstream: "+upstream.URL+"\n"+c.settings)
			req, err := http.NewRequest(http.MethodGet, "http://"+g.address+"/app/home", nil)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, http.DefaultClient, req, c.status, "")
		})
	}
}
