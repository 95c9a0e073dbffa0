#!/bin/sh
# The shells for the completion tests: bash with the package bash-completion, zsh and fish.
#
#   sh scripts/shells.sh install   install the missing ones with apt-get, or fail
set -eu

there() {
    command -v bash >/dev/null && command -v zsh >/dev/null && command -v fish >/dev/null &&
        [ -r /usr/share/bash-completion/bash_completion ]
}

case "${1:-}" in
install)
    there && exit 0
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "bash, zsh, fish or bash-completion is missing; only root can install them, with apt-get." >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        bash bash-completion fish zsh >/dev/null
    there
    ;;
*)
    sed -n 's/^# \{0,1\}//p' "$0" | sed 1d >&2
    exit 2
    ;;
esac
