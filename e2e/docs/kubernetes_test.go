package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/casegate/casegate/e2e/harness"
)

// Versions of what the examples are written for. The chart's appVersion is that Traefik.
const (
	traefikModule = "github.com/traefik/traefik/v3@v3.7.13"
	chartModule   = "github.com/traefik/traefik-helm-chart@v41.6.0+incompatible"
)

// module gives the folder of a module out of the module cache.
func module(t *testing.T, name string) string {
	t.Helper()
	command := exec.Command("go", "mod", "download", "-json", name)
	command.Dir = t.TempDir()
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go mod download %s: %v\n%s", name, err, output)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(output, &downloaded); err != nil {
		t.Fatal(err)
	}
	return downloaded.Dir
}

// definitions are the schemas of Traefik's resources, by kind.
func definitions(t *testing.T) map[string]schema {
	t.Helper()
	path := filepath.Join(module(t, traefikModule), "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]schema{}
	for _, document := range decodeYAML(t, path, string(text)) {
		if document == nil {
			continue
		}
		spec := document["spec"].(map[string]any)
		kind := spec["names"].(map[string]any)["kind"].(string)
		version := spec["versions"].([]any)[0].(map[string]any)
		found[kind] = asSchema(version["schema"].(map[string]any)["openAPIV3Schema"])
		// Every resource has metadata; its keys are Kubernetes' own.
		found[kind]["properties"].(map[string]any)["metadata"] = map[string]any{
			"type": "object", "required": []any{"name", "namespace"},
			"properties": map[string]any{"name": map[string]any{"type": "string"}, "namespace": map[string]any{"type": "string"}},
		}
	}
	return found
}

// native are the kinds of Kubernetes' own that the examples use, with the one section that each has.
var native = map[string]string{"ConfigMap": "data", "Secret": "stringData"}

// resources gives the resources of a folder of examples, by kind and name, and checks that its kustomization has all.
func resources(t *testing.T, folder string) map[string]map[string]any {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(harness.Root(), folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %d files", folder, err, len(paths))
	}
	kustomization := decodeYAML(t, folder, read(t, folder+"/kustomization.yaml"))[0]
	var listed []string
	for _, name := range listOf(kustomization["resources"]) {
		listed = append(listed, name.(string))
	}
	if patches, there := kustomization["patches"]; there {
		for _, patch := range listOf(patches) {
			listed = append(listed, patch.(map[string]any)["path"].(string))
		}
	}
	for _, name := range listed {
		if _, err := os.Stat(filepath.Join(harness.Root(), folder, name)); err != nil {
			t.Errorf("%s: the kustomization lists %s, which is not there", folder, name)
		}
	}
	found := map[string]map[string]any{}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == "kustomization.yaml" || name == "values.yaml" {
			continue
		}
		if !contains(listed, name) {
			t.Errorf("%s: the kustomization does not list %s", folder, name)
		}
		for _, resource := range decodeYAML(t, path, read(t, folder+"/"+name)) {
			metadata, _ := resource["metadata"].(map[string]any)
			found[fmt.Sprintf("%v %v/%v", resource["kind"], metadata["namespace"], metadata["name"])] = resource
		}
	}
	return found
}

func TestKubernetesResources(t *testing.T) {
	known := definitions(t)
	casegate := build(t)
	base := resources(t, "examples/kubernetes")
	replicas := resources(t, "examples/kubernetes-replicas")
	for _, one := range []map[string]map[string]any{base, replicas} {
		for name, resource := range one {
			kind := resource["kind"].(string)
			if section, ok := native[kind]; ok {
				if len(resource) != 4 || resource["apiVersion"] != "v1" || resource[section] == nil {
					t.Errorf("%s: not apiVersion v1, metadata and %s alone", name, section)
				}
				continue
			}
			definition, ok := known[kind]
			if !ok || resource["apiVersion"] != "traefik.io/v1alpha1" {
				t.Errorf("%s: no such kind", name)
				continue
			}
			for _, fault := range definition.faults(name, resource) {
				t.Error(fault)
			}
			for _, policy := range policies(t, resource) {
				text, err := json.Marshal(policy)
				if err != nil {
					t.Fatal(err)
				}
				checkPolicy(t, casegate, name, decodeYAML(t, name, localFiles(t, string(text)))[0])
			}
		}
	}
	checkReferences(t, base, base)
	both := map[string]map[string]any{}
	for _, one := range []map[string]map[string]any{base, replicas} {
		for name, resource := range one {
			both[name] = resource
		}
	}
	checkReferences(t, replicas, both)
}

// checkReferences holds the routes to what is there, and every route to the gate, which is its first middleware.
func checkReferences(t *testing.T, routes, there map[string]map[string]any) {
	t.Helper()
	checked := 0
	for name, resource := range routes {
		if resource["kind"] != "IngressRoute" {
			continue
		}
		spec := resource["spec"].(map[string]any)
		for _, route := range listOf(spec["routes"]) {
			for i, middleware := range listOf(route.(map[string]any)["middlewares"]) {
				reference := middleware.(map[string]any)["name"]
				if there[fmt.Sprintf("Middleware kibana/%v", reference)] == nil {
					t.Errorf("%s: there is no middleware %v", name, reference)
				}
				if i == 0 && reference != "casegate" {
					t.Errorf("%s: %v comes before the gate", name, reference)
				}
				checked++
			}
		}
	}
	if checked == 0 {
		t.Error("no route has a middleware")
	}
}

func TestHelmValues(t *testing.T) {
	chart := filepath.Join(module(t, chartModule), "traefik")
	text, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var values schema
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	about, err := os.ReadFile(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	version := traefikModule[strings.LastIndex(traefikModule, "@")+1:]
	if got := decodeYAML(t, "Chart.yaml", string(about))[0]["appVersion"]; got != version {
		t.Errorf("the chart runs Traefik %v, and the resources are checked for %s", got, version)
	}
	for _, folder := range []string{"examples/kubernetes", "examples/kubernetes-replicas"} {
		for _, fault := range values.faults(folder, decodeYAML(t, folder, read(t, folder+"/values.yaml"))[0]) {
			t.Error(fault)
		}
	}
	plugin := decodeYAML(t, "values", read(t, "examples/kubernetes/values.yaml"))[0]
	local := plugin["experimental"].(map[string]any)["localPlugins"].(map[string]any)["casegate"].(map[string]any)
	if local["moduleName"] != harness.PluginModule || local["mountPath"] != "/plugins-local/src/"+harness.PluginModule {
		t.Errorf("the plugin is not where Traefik looks for it: %v", local)
	}
	deployment := plugin["deployment"].(map[string]any)
	version = regexp.MustCompile(`const Version = "(.+)"`).FindStringSubmatch(read(t, "middleware/version.go"))[1]
	if !strings.Contains(fmt.Sprint(deployment["initContainers"]), "--branch=v"+version+" ") {
		t.Errorf("the init container does not fetch v%s", version)
	}
	for _, volume := range listOf(deployment["additionalVolumes"]) {
		if volume.(map[string]any)["name"] == local["volumeName"] {
			return
		}
	}
	t.Errorf("there is no volume %v for the plugin", local["volumeName"])
}
