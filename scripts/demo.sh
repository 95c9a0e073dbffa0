#!/bin/sh
# The main commands on the embedded tenant, each shown before it runs.
set -eu
bin=$1
# Without a terminal synq would write TSV, but the demo is for people.
[ -t 1 ] || export SYNQ_OUTPUT=table
# A new tenant each time, so that the demo neither depends on earlier trials nor changes them.
rm -rf .cache/demo
export XDG_STATE_HOME="$PWD/.cache/demo"

run() {
    printf '\n$ %s\n' "$*" | sed 's/Leith warehouse/"Leith warehouse"/'
    "$@"
}

synq() {
    "$bin/synq" "$@"
}

run synq --sandbox orders list --status open --limit 8
run synq --sandbox inventory adjust HMC-NVY-M -5 --location "Leith warehouse" --dry-run
run synq --sandbox inventory adjust HMC-NVY-M -5 --location "Leith warehouse"

total='import json, sys; print(len([o for o in json.load(sys.stdin) if o["total"] > 100]), "open orders over 100")'
printf '\n$ %s\n' "synq --sandbox orders list --status open --all --json | python -c '$total'"
synq --sandbox orders list --status open --all --json | "$bin/python" -c "$total"

run synq --sandbox limits

cat <<END

That was a complete tenant in one file on this machine. You have one of your own to try:

  $bin/synq --sandbox orders list --status to-ship
  $bin/synq --sandbox inventory levels --sku HMC-NVY-M
  $bin/synq --sandbox products variants list
  $bin/synq --help

With an account of your own: $bin/synq auth login
END
