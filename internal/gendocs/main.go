// Command gendocs writes docs/configuration.md and docs/refusals.md out of the code: the keys as the decoder reads them,
// their explanations as the settings' comments give them, their defaults as the default policy has them.
//
// Run it from the root of the repository: go run ./internal/gendocs.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	pages, err := Pages(".")
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// Pages gives every generated page by its path, from the sources below root.
func Pages(root string) (map[string]string, error) {
	configuration, err := configurationPage(root)
	if err != nil {
		return nil, fmt.Errorf("docs/configuration.md: %w", err)
	}
	return map[string]string{
		"docs/configuration.md": configuration,
		"docs/refusals.md":      refusalsPage(),
	}, nil
}
