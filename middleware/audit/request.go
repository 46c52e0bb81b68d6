package audit

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// traceparent is the W3C Trace Context header; later versions may add more after another dash.
var traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)

// TraceID is the trace that the request's traceparent header names, or nothing when there is no single valid one
// (W3C Trace Context, 3.2.2 and 4.3).
func TraceID(header http.Header) string {
	values := header["Traceparent"]
	if len(values) != 1 || len(values[0]) > 512 {
		return ""
	}
	match := traceparent.FindStringSubmatch(values[0])
	if match == nil || match[1] == "ff" || (match[1] == "00" && match[4] != "") ||
		match[2] == "00000000000000000000000000000000" || match[3] == "0000000000000000" {
		return ""
	}
	return match[2]
}

// SourceIP is the client's address for the record. hops says how many proxies in front of the gate are trusted to
// append the address of their own peer to X-Forwarded-For.
//
// With 0 the header is not looked at: anybody can send it, and the peer is the client. Inside Traefik it is 1:
// Traefik's entry points have by then removed the header unless it came from one of forwardedHeaders.trustedIPs, and
// Traefik appends its own peer only later; so when the header is there, its last entry is what a trusted proxy saw.
// Entries further left are the client's own claim unless more hops are trusted. A header that does not hold addresses
// gives the peer.
func SourceIP(remoteAddr string, header http.Header, hops int) string {
	if hops > 0 {
		if values := header["X-Forwarded-For"]; len(values) > 0 {
			// The lines of a repeated header are one list (RFC 9110, 5.3).
			list := strings.Join(values, ",")
			entry := ""
			for ; hops > 0; hops-- {
				comma := strings.LastIndexByte(list, ',')
				entry = list[comma+1:]
				if comma < 0 {
					break
				}
				list = list[:comma]
			}
			if ip := address(strings.TrimSpace(entry)); ip != "" {
				return ip
			}
		}
	}
	return address(remoteAddr)
}

// octet is a byte of an IPv4 address in its one canonical form.
const octet = `(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`

// plainPeer is the address of nearly every peer. The longer way would say the same in four more calls.
var plainPeer = regexp.MustCompile(`^((?:` + octet + `\.){3}` + octet + `):(?:[0-9]{1,4}|[1-5][0-9]{4})$`)

// address reads an IP address with or without a port, and gives it in its canonical form; nothing for what is none.
func address(text string) string {
	if found := plainPeer.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("").String()
	}
	plain, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return ""
	}
	return plain.Unmap().WithZone("").String()
}
