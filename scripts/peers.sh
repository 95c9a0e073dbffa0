#!/bin/sh
# The tools that `make bench` compares synq with, in .cache/peers, each in a folder of its own: TOOL/bin/TOOL.
#
#   sh scripts/peers.sh install   install those that are not on PATH; reports those that can't be installed
set -u

[ "${1:-}" = install ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed 1d >&2; exit 2; }
cd "$(dirname "$0")/.." || exit 1
peers=$PWD/.cache/peers
python=${PYTHON:-python3}

there() {
    command -v "$1" >/dev/null || [ -x "$peers/$1/bin/$1" ]
}

# $1 is the command, $2 the package of PyPI that brings it.
from_pypi() {
    there "$1" || { "$python" -m venv "$peers/$1" && "$peers/$1/bin/python" -m pip install --quiet "$2"; }
}

# The package's command is a Node script that starts the binary; the benchmark runs the binary itself.
stripe_from_npm() {
    there stripe && return
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers/stripe" @stripe/cli || return
    mkdir -p "$peers/stripe/bin"
    for binary in "$peers"/stripe/node_modules/@stripe/cli-*/bin/stripe; do
        [ -x "$binary" ] && ln -sf "$binary" "$peers/stripe/bin/stripe"
    done
}

from_debian() {
    there "$1" && return
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" >/dev/null
}

from_pypi http httpie
from_pypi aws awscli
stripe_from_npm
for tool in gh curl jq; do
    from_debian "$tool"
done
for tool in stripe http aws gh curl jq; do
    there "$tool" || echo "$tool could not be installed; the benchmark leaves it out." >&2
done
exit 0
