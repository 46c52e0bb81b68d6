package demo

import (
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

const (
	policyName = "policy.yaml"
	secretName = "secret"
	auditName  = "audit.ndjson"
)

// writePolicy writes the demonstration's policy and its secret into folder: the same file works for casegate serve and
// casegate check. It returns the policy's keys, which Traefik's configuration takes too.
func writePolicy(folder, secret string) (map[string]any, error) {
	if err := os.WriteFile(filepath.Join(folder, secretName), []byte(secret), 0o600); err != nil {
		return nil, err
	}
	keys := map[string]any{
		"token": map[string]any{
			"issuer":     issuer,
			"audience":   []any{audience},
			"secretFile": filepath.Join(folder, secretName),
		},
		"audit": map[string]any{"output": filepath.Join(folder, auditName)},
	}
	return keys, writeYAML(filepath.Join(folder, policyName), keys)
}

func writeYAML(path string, value any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
