#!/bin/sh
# A PostgreSQL server for tests: a temporary cluster on a free port of the loopback address, with password
# authentication, and without flushing to the disk. It ends with the command, also if this script is killed.
#
#   sh scripts/postgresql.sh install              install it with apt-get if it is missing, or fail
#   sh scripts/postgresql.sh run COMMAND...       run a command with PGHOST, PGPORT, PGUSER, PGPASSWORD and
#                                                 SYNQ_TEST_POSTGRESQL_HOME, the folder of the cluster
#   sh scripts/postgresql.sh ctl HOME ARGUMENTS   pg_ctl for that cluster, such as stop or start
set -eu

there() {
    programs >/dev/null
}

# The folder of initdb and pg_ctl, which Debian keeps out of PATH; the newest version if there are several.
programs() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            echo "$folder"
            return
        fi
    done
    command -v pg_ctl >/dev/null && dirname "$(command -v initdb)"
}

# The server refuses to run as root.
as_user() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    else
        setpriv --reuid "$(owner)" --regid "$(id -g "$(owner)")" --clear-groups "$@"
    fi
}

owner() {
    if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

ctl() {
    home=$1
    shift
    as_user "$(programs)/pg_ctl" --pgdata "$home/data" --log "$home/log" --silent --wait --timeout 30 "$@" </dev/null
}

case "${1:-}" in
install)
    there && exit 0
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        echo "PostgreSQL is missing; only root can install it, with apt-get." >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql >/dev/null
    there
    ;;
run)
    shift
    home=$(mktemp -d)
    mkfifo "$home/alive"
    export SYNQ_TEST_POSTGRESQL_HOME="$home" PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres
    PGPASSWORD=$(od -An -N12 -tx1 /dev/urandom | tr -d ' ')
    export PGPASSWORD
    echo "$PGPASSWORD" >"$home/password"
    if [ "$(id -u)" = 0 ]; then chown -R "$(owner)" "$home"; fi
    # The cleanup waits for the end of the pipe that this script alone holds open, however the script ends.
    (
        trap '' INT TERM HUP
        cat "$home/alive" >/dev/null
        ctl "$home" --mode immediate stop >/dev/null 2>&1 || true
        rm -rf "$home"
    ) &
    cleanup=$!
    exec 9>"$home/alive"
    trap 'exec 9>&-; wait "$cleanup"' EXIT
    trap 'exit 143' INT TERM HUP
    (
        cd "$home"
        as_user "$(programs)/initdb" --pgdata data --username postgres --pwfile password --auth scram-sha-256 \
            --encoding UTF8 --no-locale --no-sync >/dev/null
    ) 9>&-
    for _ in 1 2 3 4 5; do
        PGPORT=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        cat >>"$home/data/postgresql.conf" <<END
port = $PGPORT
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
shared_buffers = 16MB
END
        ctl "$home" start 9>&- && break  # the port may be taken
        PGPORT=
    done
    if [ -z "$PGPORT" ]; then
        cat "$home/log" >&2
        exit 1
    fi
    export PGPORT
    "$@" 9>&-
    ;;
ctl)
    shift
    ctl "$@"
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
