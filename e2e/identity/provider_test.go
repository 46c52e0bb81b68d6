package identity

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// provider is a running oidc-provider.
type provider struct {
	Issuer  string
	Control string
}

// served is how often the provider was asked for what.
type served struct{ Discovery, Keys, Tokens int }

// startProvider starts one for a test. It publishes the key 1 and signs with it.
func startProvider(t *testing.T) *provider {
	t.Helper()
	command := exec.Command("node", harness.Folder("identity", "provider.mjs"))
	var stderr bytes.Buffer
	command.Stderr = &stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = stdin.Close()
		_ = command.Wait()
		if t.Failed() {
			fmt.Fprintf(os.Stderr, "--- provider\n%s\n", stderr.Bytes())
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the provider ended before it listened: %v", err)
	}
	var p provider
	if err := json.Unmarshal(line, &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

// settings are a token section that names the issuer and no keys: the gate discovers them.
func (p *provider) settings(keysTTL string) map[string]any {
	return map[string]any{"issuer": p.Issuer, "audience": []string{"urn:casegate:kibana"}, "keysTtl": keysTTL}
}

// use says which keys the provider publishes from now on; the first signs. It gives the counts at that moment: whatever is
// served beyond them is of the new keys.
func (p *provider) use(t *testing.T, keys ...int) served {
	t.Helper()
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return p.ask(t, http.MethodPut, text)
}

// counts gives how often the provider was asked so far.
func (p *provider) counts(t *testing.T) served {
	t.Helper()
	return p.ask(t, http.MethodGet, nil)
}

func (p *provider) ask(t *testing.T, method string, body []byte) served {
	t.Helper()
	request, err := http.NewRequest(method, p.Control, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := harness.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	var counts served
	if err := json.Unmarshal(answer.Body, &counts); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return counts
}

// token asks for a token, with client credentials.
func (p *provider) token() (string, error) {
	response, err := harness.Client.PostForm(p.Issuer+"/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"uploader"},
		"client_secret": {"a secret that only this test knows"}, "scope": {"attach"},
	})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("no token: status %d: %s", response.StatusCode, text)
	}
	return answer.Token, nil
}

// mustToken is token for the test's own goroutine.
func (p *provider) mustToken(t *testing.T) string {
	t.Helper()
	token, err := p.token()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
