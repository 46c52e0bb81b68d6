// Package policyfile reads the YAML file of the standalone gateway: the plugin's own keys at the top level, with the same
// names and meanings, and beside them one section `server` for what Traefik would otherwise do.
package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"go.yaml.in/yaml/v3"

	"github.com/casegate/casegate/middleware"
)

// maxSize bounds the file, so that a wrong path given by mistake is not read into memory whole.
const maxSize = 1 << 20

// File is a policy file that was read and found without faults.
type File struct {
	Policy middleware.Policy
	Server Server
}

// Read reads the file at path. The faults are everything that is wrong with it, each as "path: what is wrong"; the File is
// usable only when there are none.
func Read(path string) (File, []string) {
	text, err := readBounded(path)
	if err != nil {
		return File{}, []string{err.Error()}
	}
	return parse(text)
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("%s: larger than 1 MiB: this is no policy file", path)
	}
	return text, nil
}

func parse(text []byte) (File, []string) {
	raw, faults := decodeYAML(text)
	if len(faults) > 0 {
		return File{}, faults
	}
	section, faults := takeServer(raw)
	server, serverFaults := decodeServer(section)
	policy, policyFaults := middleware.Decode(raw)
	faults = append(faults, serverFaults...)
	faults = append(faults, policyFaults...)
	return File{Policy: policy, Server: server}, faults
}

// decodeYAML reads exactly one document whose root is a mapping. The library itself refuses keys that stand twice.
func decodeYAML(text []byte) (map[string]any, []string) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root any
	if err := decoder.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlFaults(err)
	}
	var second any
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, []string{"the file holds more than one YAML document: leave one"}
	}
	if root == nil {
		return map[string]any{}, nil
	}
	raw, isMapping := root.(map[string]any)
	if !isMapping {
		return nil, []string{"the file is not a mapping of keys: start with lines such as `token:`"}
	}
	return raw, keyFaults(raw, "")
}

func yamlFaults(err error) []string {
	var several *yaml.TypeError
	if errors.As(err, &several) {
		return several.Errors
	}
	return []string{err.Error()}
}

// keyFaults names every mapping with a key that is not a string (`1:`, `yes:` as a boolean): the decoders know names only.
func keyFaults(value any, path string) []string {
	var faults []string
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			faults = append(faults, keyFaults(value[key], join(path, key))...)
		}
	case []any:
		for index, element := range value {
			faults = append(faults, keyFaults(element, fmt.Sprintf("%s[%d]", path, index))...)
		}
	case map[any]any:
		for key := range value {
			if _, isText := key.(string); !isText {
				faults = append(faults, fmt.Sprintf("%s: the key %v is not a string: write it in quotes", path, key))
			}
		}
		sort.Strings(faults)
	}
	return faults
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func sortedKeys(values map[string]any) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
