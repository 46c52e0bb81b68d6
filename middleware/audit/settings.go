// Package audit records every decision of the gate: as one line of JSON in the Elastic Common Schema (ECS), and in
// counters that Prometheus can read.
package audit

import "strings"

// Settings says where decisions are recorded.
type Settings struct {
	// Output is `stdout`, `off`, or the path of a file, which is appended to and opened again when it was rotated.
	Output string
	// SHA256 adds the hash of every file to its event.
	SHA256 bool
}

// Default is an event a line on the standard output, with the file's hash.
func Default() Settings {
	return Settings{Output: "stdout", SHA256: true}
}

// Faults lists everything that is wrong with the settings, each "key: problem".
func (s Settings) Faults() []string {
	if s.Output == "stdout" || s.Output == "off" {
		return nil
	}
	if !strings.HasPrefix(s.Output, "/") || strings.HasSuffix(s.Output, "/") || strings.Contains(s.Output, "\x00") {
		return []string{"output: must be stdout, off or the absolute path of a file"}
	}
	return nil
}
