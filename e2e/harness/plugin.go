package harness

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// PluginModule is the plugin's module path.
const PluginModule = "github.com/casegate/casegate"

// plantPlugin puts the plugin's sources where Traefik, started in folder, looks for local plugins. They are what git has
// committed, so that a file that is missing from the repository is missed here too. For development alone,
// CASEGATE_PLUGIN_SOURCE=worktree takes the files as they lie in the work tree, and a path takes that folder.
func plantPlugin(folder string) error {
	target := filepath.Join(folder, "plugins-local", "src", filepath.FromSlash(PluginModule))
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	switch source := os.Getenv("CASEGATE_PLUGIN_SOURCE"); source {
	case "", "head":
		archive, err := output(Root(), "git", "archive", "HEAD")
		if err != nil {
			return err
		}
		return unpack(target, archive)
	case "worktree":
		list, err := output(Root(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!e2e")
		if err != nil {
			return err
		}
		return copyFiles(target, list)
	default:
		if !filepath.IsAbs(source) {
			return fmt.Errorf("CASEGATE_PLUGIN_SOURCE=%s: write head, worktree or an absolute path", source)
		}
		return os.CopyFS(target, os.DirFS(source))
	}
}

func unpack(target string, archive []byte) error {
	tar := exec.Command("tar", "-x", "-C", target)
	tar.Stdin = bytes.NewReader(archive)
	if text, err := tar.CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w\n%s", err, text)
	}
	return nil
}

func copyFiles(target string, list []byte) error {
	for _, name := range bytes.Split(bytes.TrimRight(list, "\x00"), []byte{0}) {
		text, err := os.ReadFile(filepath.Join(Root(), string(name)))
		if os.IsNotExist(err) {
			// A tracked file that was deleted in the work tree.
			continue
		}
		if err != nil {
			return err
		}
		path := filepath.Join(target, string(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
