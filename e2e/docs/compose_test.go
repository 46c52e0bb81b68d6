package docs

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/traefik/paerser/parser"

	"github.com/casegate/casegate/e2e/harness"
)

// composeFile is what this test reads of the example.
type composeFile struct {
	Services map[string]struct {
		Image   string
		Command []string
		Volumes []string
		Labels  map[string]string
	}
}

// labelled is what the labels may configure: the fields of Traefik's own configuration that the example uses, so that
// another label is a fault.
type labelled struct {
	HTTP struct {
		Routers map[string]*struct {
			Rule        string   `json:"rule"`
			EntryPoints []string `json:"entryPoints"`
			Middlewares []string `json:"middlewares"`
			Service     string   `json:"service"`
		} `json:"routers"`
		Middlewares map[string]*struct {
			Plugin map[string]map[string]any `json:"plugin"`
		} `json:"middlewares"`
		Services map[string]*struct {
			LoadBalancer struct {
				Server struct {
					Port string `json:"-"`
				} `json:"-"`
				Servers []map[string]string `json:"servers" label:"-"`
			} `json:"loadBalancer"`
		} `json:"services"`
	} `json:"http"`
}

// compose reads the example with its variables filled in, as Docker Compose does.
func compose(t *testing.T, variables map[string]string) composeFile {
	t.Helper()
	text := read(t, "examples/compose/compose.yaml")
	variable := regexp.MustCompile(`\$\$|\$\{([A-Z_]+)(:-([^}]*)|:\?[^}]*)?\}`)
	text = variable.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		match := variable.FindStringSubmatch(found)
		if value, given := variables[match[1]]; given {
			return value
		}
		if !strings.HasPrefix(match[2], ":-") {
			t.Errorf("there is no value for %s", match[1])
		}
		return match[3]
	})
	document := decodeYAML(t, "compose.yaml", text)[0]
	for key := range document {
		if !contains([]string{"services", "volumes"}, key) {
			t.Errorf("compose.yaml: an unknown section %s", key)
		}
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := json.Unmarshal(encoded, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// The example's labels and arguments, in a real Traefik: the file provider takes the place of Docker's, with what
// Traefik's own decoder makes of the labels.
func TestCompose(t *testing.T) {
	file := compose(t, map[string]string{
		"KIBANA_HOST": host, "TOKEN_ISSUER": identities.server.URL, "ELASTIC_PASSWORD": "unused",
	})
	traefik, labels := file.Services["traefik"], file.Services["kibana"].Labels
	if labels["traefik.enable"] != "true" {
		t.Error("traefik.enable is not true, and Traefik would not look at the service")
	}
	delete(labels, "traefik.enable")
	var dynamic labelled
	if err := parser.Decode(labels, &dynamic, "traefik"); err != nil {
		t.Fatal(err)
	}
	policy := dynamic.HTTP.Middlewares["casegate"].Plugin["casegate"]
	checkPolicy(t, build(t), "compose.yaml", policy)
	service := dynamic.HTTP.Services["kibana"]
	if service.LoadBalancer.Server.Port != "5601" {
		t.Errorf("Kibana listens at 5601, the labels say %s", service.LoadBalancer.Server.Port)
	}
	service.LoadBalancer.Servers = []map[string]string{{"url": kibana.URL()}}
	dynamic.HTTP.Routers["kibana"].Service = "kibana"
	text, err := json.Marshal(dynamic)
	if err != nil {
		t.Fatal(err)
	}
	checkPluginVolume(t, traefik.Volumes)
	address := harness.FreeAddress(t)
	arguments := strings.Split(replace(t, strings.Join(traefik.Command, "\n"),
		"web.address=:8080", "web.address="+address,
		"--providers.docker.exposedByDefault=false", "--providers.file.filename=dynamic.yml"), "\n")
	harness.StartAsGiven(t, address, host, map[string]string{"dynamic.yml": string(text)}, arguments...)
	// The labels let the group attach to Security's cases.
	checkEnforces(t, address, identities.token(t, identities.server.URL), "sec-1")
	if answer := send(t, address, identities.token(t, identities.server.URL), "obs-1", harmless()); answer.Code() != "privilege_missing" {
		t.Errorf("another owner's case: status %d, code %q", answer.Status, answer.Code())
	}
}

// checkPluginVolume looks for the repository, mounted where Traefik looks for it.
func checkPluginVolume(t *testing.T, volumes []string) {
	t.Helper()
	for _, volume := range volumes {
		from, to, _ := strings.Cut(volume, ":")
		if to == "/plugins-local/src/"+harness.PluginModule+":ro" {
			if got := filepath.Join(harness.Root(), "examples/compose", from); got != harness.Root() {
				t.Errorf("the plugin's volume is %s", got)
			}
			return
		}
	}
	t.Errorf("no volume holds the plugin: %v", volumes)
}
