#!/bin/sh
# A Secret Service for tests: gnome-keyring in a private D-Bus session, with a temporary home and password.
#
#   sh scripts/secret-service.sh install         install it with apt-get if it is missing, or fail
#   sh scripts/secret-service.sh run COMMAND...  run a command with it
set -eu

there() {
    command -v dbus-run-session >/dev/null && command -v gnome-keyring-daemon >/dev/null
}

case "${1:-}" in
install)
    there && exit 0
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "gnome-keyring and dbus-run-session are missing; only root can install them, with apt-get." >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends dbus gnome-keyring >/dev/null
    there
    ;;
run)
    shift
    home=$(mktemp -d)
    trap 'rm -rf "$home"' EXIT
    export HOME="$home" XDG_RUNTIME_DIR="$home" XDG_DATA_HOME="$home/share" XDG_CONFIG_HOME="$home/config"
    unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY
    dbus-run-session -- sh -c '
        printf "throwaway\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
        "$@"
    ' sh "$@"
    ;;
*)
    sed -n 's/^# \{0,1\}//p' "$0" | sed 1d >&2
    exit 2
    ;;
esac
