package scan

import (
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// What OnError may be.
const (
	// Refuse answers 503 when the scanner gives no verdict.
	Refuse = "refuse"
	// Allow lets a file pass when the scanner gives no verdict.
	Allow = "allow"
)

const (
	leastTimeout = time.Second
	mostTimeout  = 10 * time.Minute
)

// Settings say which malware scanner looks at the files, and what happens when it does not answer.
type Settings struct {
	// Clamd is the address of a clamd daemon: tcp://host:3310 or unix:///run/clamav/clamd.ctl. Empty: files are not
	// scanned. The protocol has no encryption, so the daemon belongs on the same host or in the same private network.
	// Its StreamMaxLength and MaxFileSize must be at least files.maxSize, and AlertExceedsMax yes makes it report what it
	// could not scan whole; without that it calls such files clean.
	Clamd string
	// Timeout is for one scan as a whole: waiting for a free place, connecting, sending, scanning. 1s to 10m.
	Timeout time.Duration
	// OnError says what becomes of a file for which there is no verdict, because clamd is down, too slow, or refuses the
	// file's size: refuse (503) or allow.
	OnError string
}

// Default is no scanner.
func Default() Settings {
	return Settings{Timeout: 30 * time.Second, OnError: Refuse}
}

// Faults lists everything that is wrong with the settings.
func (s Settings) Faults() []string {
	var faults []string
	if s.Clamd != "" {
		if _, _, ok := address(s.Clamd); !ok {
			faults = append(faults, "clamd: this is no address of a scanner: write tcp://host:3310 or unix:///run/clamav/clamd.ctl")
		}
	}
	if s.Timeout < leastTimeout || s.Timeout > mostTimeout {
		faults = append(faults, "timeout: must be between 1s and 10m")
	}
	if s.OnError != Refuse && s.OnError != Allow {
		faults = append(faults, "onError: must be refuse or allow")
	}
	return faults
}

// address splits the URL of a daemon into what net.Dial takes.
func address(clamd string) (network, where string, ok bool) {
	u, err := url.Parse(clamd)
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsAny(clamd, "?#") {
		return "", "", false
	}
	switch u.Scheme {
	case "tcp":
		port, err := strconv.Atoi(u.Port())
		if err != nil || port < 1 || port > 65535 || u.Hostname() == "" || u.Path != "" {
			return "", "", false
		}
		return "tcp", u.Host, true
	case "unix":
		if u.Host != "" || u.Path == "/" || !path.IsAbs(u.Path) {
			return "", "", false
		}
		return "unix", u.Path, true
	}
	return "", "", false
}
