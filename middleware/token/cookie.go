package token

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/casegate/casegate/middleware/refusal"
)

// maxCookies is how much of Cookie headers is searched, in bytes. Node.js, and so Kibana, takes no more than 16 KiB of
// all headers together.
const maxCookies = 16 << 10

// cookieFinder finds and removes one cookie. It reads the header itself, because what other readers could take for the
// cookie must be found too, and because the cookies beside it must stay as they are.
type cookieFinder struct {
	pattern *regexp.Regexp // Group 1 is the separator before the cookie, group 2 its value.
}

func newCookieFinder(name string) *cookieFinder {
	return &cookieFinder{
		pattern: regexp.MustCompile(`(^|;)[ \t]*` + regexp.QuoteMeta(name) + `[ \t]*=[ \t]*([^;]*)`),
	}
}

// find returns the token in the cookie.
func (f *cookieFinder) find(header http.Header) (string, *refusal.Refusal) {
	// A blank joins nothing that a single line could not hold; a semicolon separates cookies in any case.
	cookies := strings.Join(header["Cookie"], "; ")
	if len(cookies) > maxCookies {
		return "", refuse("token_malformed", sayCookieSize)
	}
	found := f.pattern.FindAllStringSubmatch(cookies, 2)
	if len(found) == 0 {
		return "", missing()
	}
	if len(found) > 1 {
		return "", refuse("token_malformed", sayCookies)
	}
	token := strings.Trim(found[0][2], " \t")
	if token == "" {
		return "", missing()
	}
	return token, nil
}

// strip removes the cookie from the header, and the header when no other cookie is left in it.
func (f *cookieFinder) strip(header http.Header) {
	lines := header["Cookie"]
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if !f.pattern.MatchString(line) {
			kept = append(kept, line)
			continue
		}
		rest := f.pattern.ReplaceAllString(line, "")
		// The separator went with the cookie, unless the cookie was the first.
		if !strings.HasPrefix(line, ";") {
			rest = strings.TrimLeft(rest, "; \t")
		}
		if rest != "" {
			kept = append(kept, rest)
		}
	}
	if len(kept) == 0 {
		delete(header, "Cookie")
		return
	}
	header["Cookie"] = kept
}
