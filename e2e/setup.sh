#!/usr/bin/env bash
# Gets what the end-to-end tests really run, the parts named on the command line: node python chromium curl jq clamav
# redis nginx.
# It is quick when all is there. Debian packages are installed when this runs as root; otherwise it says what to install.
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "e2e setup: $*" >&2; }

cache=${CASEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/casegate}
mkdir -p "$cache"
# Test packages run side by side: one of them sets up, the others wait.
exec 9>"$cache/e2e-setup.lock"
flock 9

# node_modules NAME: npm ci in the folder when its lock file has changed since the last time.
node_modules() {
  command -v npm >/dev/null || { say "npm is missing: install Node.js 20 or later"; exit 1; }
  local stamp=$1/node_modules/.casegate-lock
  cmp -s "$1/package-lock.json" "$stamp" && return
  say "npm ci in $1"
  (cd "$1" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-fund --no-audit --loglevel=error >&2)
  cp "$1/package-lock.json" "$stamp"
}

# install PACKAGE...: Debian packages.
install() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "please install the Debian packages: $*"
    exit 1
  fi
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt-get update >/dev/null && apt-get install -y --no-install-recommends "$@" >/dev/null; } ||
    { say "$* could not be installed"; exit 1; }
}

# program NAME PACKAGE: a program out of a Debian package.
program() {
  command -v "$1" >/dev/null || install "$2"
}

# python_clients: Debian's requests and httpx, which only Debian's own python3 sees.
python_clients() {
  /usr/bin/python3 -c 'import requests, httpx' 2>/dev/null && return
  install python3 python3-requests python3-httpx
}

for part in "$@"; do
  case $part in
    node) node_modules upstreams; node_modules clients; node_modules identity ;;
    python) python_clients ;;
    chromium) program chromium chromium ;;
    curl) program curl curl ;;
    jq) program jq jq ;;
    clamav) program clamd clamav-daemon ;;
    redis) program redis-server redis-server ;;
    nginx) program nginx nginx ;;
    *) say "there is no part $part"; exit 1 ;;
  esac
done
