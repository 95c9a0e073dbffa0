#!/bin/sh
# The main job on the embedded tenant, each command shown before it runs.
set -eu
synq=$1

show() {
    printf '\n$ %s\n' "$*"
}

show "synq --sandbox orders list --status open --limit 8"
"$synq" --sandbox orders list --status open --limit 8 -o table

show "synq --sandbox inventory adjust HMC-NVY-M -5 --dry-run"
"$synq" --sandbox inventory adjust HMC-NVY-M -5 --location "Leith warehouse" --dry-run -o table

show "synq --sandbox inventory adjust HMC-NVY-M -5"
"$synq" --sandbox inventory adjust HMC-NVY-M -5 -o table
