package audit

import (
	"net/netip"
	"regexp"
	"strings"
)

// traceparent is the W3C Trace Context header; later versions may add more after another dash.
var traceparent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$`)

// TraceID is the trace that the values of the request's traceparent header name, or nothing when there is no single valid
// one (W3C Trace Context, 3.2.2 and 4.3).
func TraceID(values []string) string {
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

// SourceIP is the client's address for the record, out of the address of the connection's peer and the values of
// X-Forwarded-For. hops says how many proxies in front of the gate are trusted to append the address of their own peer there.
//
// With 0 the header is not looked at: anybody can send it, and the peer is the client. Inside Traefik it is 1:
// Traefik's entry points have by then removed the header unless it came from one of forwardedHeaders.trustedIPs, and
// Traefik appends its own peer only later; so when the header is there, its last entry is what a trusted proxy saw.
// Entries further left are the client's own claim unless more hops are trusted. A header that does not hold addresses
// gives the peer.
func SourceIP(remoteAddr string, forwarded []string, hops int) string {
	if hops > 0 && len(forwarded) > 0 {
		// The lines of a repeated header are one list (RFC 9110, 5.3).
		list := strings.Join(forwarded, ",")
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
	return address(remoteAddr)
}

// address reads an IP address with or without a port, and gives it in its canonical form; nothing for what is none.
func address(text string) string {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone("").String()
	}
	plain, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return ""
	}
	return plain.Unmap().WithZone("").String()
}
