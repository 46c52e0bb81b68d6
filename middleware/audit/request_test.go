package audit

import (
	"net/http"
	"strings"
	"testing"
)

func TestTraceID(t *testing.T) {
	const id, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	for name, row := range map[string]struct {
		values []string
		want   string
	}{
		"version 0":                  {[]string{"00-" + id + "-" + span + "-01"}, id},
		"no header":                  {nil, ""},
		"two headers":                {[]string{"00-" + id + "-" + span + "-01", "00-" + id + "-" + span + "-01"}, ""},
		"later version":              {[]string{"01-" + id + "-" + span + "-01"}, id},
		"later version with more":    {[]string{"cc-" + id + "-" + span + "-01-what-comes"}, id},
		"later version, glued":       {[]string{"cc-" + id + "-" + span + "-01.x"}, ""},
		"version 0 with more":        {[]string{"00-" + id + "-" + span + "-01-x"}, ""},
		"forbidden version":          {[]string{"ff-" + id + "-" + span + "-01"}, ""},
		"capital letters":            {[]string{"00-" + strings.ToUpper(id) + "-" + span + "-01"}, ""},
		"trace of zeros":             {[]string{"00-" + strings.Repeat("0", 32) + "-" + span + "-01"}, ""},
		"span of zeros":              {[]string{"00-" + id + "-" + strings.Repeat("0", 16) + "-01"}, ""},
		"too short":                  {[]string{"00-" + id[1:] + "-" + span + "-01"}, ""},
		"blank before":               {[]string{" 00-" + id + "-" + span + "-01"}, ""},
		"line end behind":            {[]string{"00-" + id + "-" + span + "-01\n"}, ""},
		"other characters":           {[]string{"00-" + strings.Repeat("g", 32) + "-" + span + "-01"}, ""},
		"empty":                      {[]string{""}, ""},
		"later version, far too big": {[]string{"01-" + id + "-" + span + "-01-" + strings.Repeat("x", 1000)}, ""},
	} {
		header := http.Header{}
		if row.values != nil {
			header["Traceparent"] = row.values
		}
		if got := TraceID(header["Traceparent"]); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestSourceIP(t *testing.T) {
	const peer = "192.0.2.1:5678"
	for name, row := range map[string]struct {
		remote    string
		forwarded []string
		hops      int
		want      string
	}{
		"the peer":                           {peer, nil, 1, "192.0.2.1"},
		"a peer with a high port":            {"192.0.2.1:65535", nil, 0, "192.0.2.1"},
		"a peer with a port too high":        {"192.0.2.1:65536", nil, 0, ""},
		"a peer with an octet too high":      {"192.0.2.256:80", nil, 0, ""},
		"a peer with leading zeros":          {"192.0.02.1:80", nil, 0, ""},
		"a peer with five octets":            {"192.0.2.1.1:80", nil, 0, ""},
		"a peer with IPv6":                   {"[2001:DB8::1]:443", nil, 0, "2001:db8::1"},
		"a peer with a zone":                 {"[fe80::1%eth0]:443", nil, 0, "fe80::1"},
		"a peer with IPv4 in IPv6":           {"[::ffff:192.0.2.9]:443", nil, 0, "192.0.2.9"},
		"a peer without a port":              {"192.0.2.1", nil, 0, "192.0.2.1"},
		"a peer at a socket":                 {"@", nil, 0, ""},
		"no peer":                            {"", nil, 0, ""},
		"nobody is trusted":                  {peer, []string{"203.0.113.7"}, 0, "192.0.2.1"},
		"one hop":                            {peer, []string{"203.0.113.7"}, 1, "203.0.113.7"},
		"one hop, forged entries before it":  {peer, []string{"10.0.0.1, 198.51.100.2,203.0.113.7"}, 1, "203.0.113.7"},
		"two hops":                           {peer, []string{"10.0.0.1, 198.51.100.2, 203.0.113.7"}, 2, "198.51.100.2"},
		"more hops than entries":             {peer, []string{"198.51.100.2, 203.0.113.7"}, 5, "198.51.100.2"},
		"two lines are one list":             {peer, []string{"10.0.0.1", "203.0.113.7"}, 1, "203.0.113.7"},
		"an entry with a port":               {peer, []string{"203.0.113.7:4711"}, 1, "203.0.113.7"},
		"an IPv6 entry":                      {peer, []string{"2001:db8::7"}, 1, "2001:db8::7"},
		"an IPv6 entry in brackets":          {peer, []string{"[2001:db8::7]"}, 1, "2001:db8::7"},
		"an IPv6 entry with a port":          {peer, []string{"[2001:db8::7]:80"}, 1, "2001:db8::7"},
		"a name is no address":               {peer, []string{"unknown"}, 1, "192.0.2.1"},
		"an empty entry":                     {peer, []string{"203.0.113.7,"}, 1, "192.0.2.1"},
		"an empty header":                    {peer, []string{""}, 1, "192.0.2.1"},
		"an entry that is no decimal number": {peer, []string{"0x7f.1"}, 1, "192.0.2.1"},
	} {
		header := http.Header{}
		if row.forwarded != nil {
			header["X-Forwarded-For"] = row.forwarded
		}
		if got := SourceIP(row.remote, header["X-Forwarded-For"], row.hops); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func FuzzSourceIP(f *testing.F) {
	f.Add("192.0.2.1:1", "203.0.113.7, [::1]:80", 1)
	f.Fuzz(func(t *testing.T, remote, forwarded string, hops int) {
		got := SourceIP(remote, []string{forwarded}, hops)
		if got != "" && !fits("ip", got) {
			t.Errorf("%q is no address", got)
		}
	})
}
