#!/usr/bin/env bash
# Builds Traefik from the Go module proxy, since no prebuilt binary is needed that way, and prints the binary's path.
# The first build takes several minutes on two cores; the result stays in the user's cache folder, keyed by version.
set -euo pipefail

version=v3.7.13
cache=${CASEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/casegate}
binary=$cache/traefik-$version
work=$cache/traefik-$version-src

if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

say() { echo "traefik $version: $*" >&2; }
say "not built here yet; building it takes about eight minutes on two cores, once"
mkdir -p "$cache"
# Two builds at once would write into one folder.
exec 9>"$cache/traefik-$version.lock"
flock 9
if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

rm -rf "$work"
mkdir -p "$work/ext"
cd "$work"
download() { (cd "$cache" && GOFLAGS=-mod=mod go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

say "downloading sources"
traefik=$(download "github.com/traefik/traefik/v3@$version")
lego_version=$(sed -n 's#^\tgithub.com/go-acme/lego/v5 \(v[^ ]*\).*#\1#p' "$traefik/go.mod")
lego=$(download "github.com/go-acme/lego/v5@$lego_version")

# The go.mod is Traefik's own, under another module name, with the replacements that the proxy can serve.
sed -e 's#^module .*#module casegate.test/traefik#' -e '/^replace (/,/^)/d' -e '/^replace /d' "$traefik/go.mod" >go.mod
cat "$traefik/go.sum" >go.sum
cat >>go.mod <<MOD

require github.com/traefik/traefik/v3 $version

replace (
	github.com/abbot/go-http-auth => github.com/containous/go-http-auth v0.4.1-0.20200324110947-a37a7636d23e
	github.com/gorilla/mux => github.com/containous/mux v0.0.0-20250523120546-41b6ec3aed59
	github.com/traefik/traefik/dynamic/ext => ./ext
	github.com/go-acme/lego/v5 => ./lego
)
MOD
printf 'module github.com/traefik/traefik/dynamic/ext\n\ngo 1.22\n' >ext/go.mod
printf 'package ext\n\ntype HTTP struct{}\n\ntype Router struct{}\n' >ext/ext.go

# Some DNS providers' SDKs are not served by the proxy, and no test asks for a certificate: lego goes without them.
cp -r "$lego" lego
chmod -R u+w lego
rm -rf lego/providers/dns/*/
cat >lego/providers/dns/zz_gen_dns_providers.go <<'GO'
package dns

import (
	"fmt"

	"github.com/go-acme/lego/v5/challenge"
)

// NewDNSChallengeProviderByName knows no provider in this build.
func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("no DNS provider %q in this build", name)
}
GO

say "compiling some 1800 packages"
go build -mod=mod -v -o "$binary.new" github.com/traefik/traefik/v3/cmd/traefik \
  2> >(awk '/^[a-z0-9_.\/-]+$/ { if (++n % 100 == 0) print "traefik: " n " packages compiled"; next } /^go: downloading/ { next } { print }' >&2)
mv "$binary.new" "$binary"
rm -rf "$work"
say "built: $binary"
echo "$binary"
