#!/usr/bin/env bash
# Runs the installed command on bare Debian systems: bare-systems.sh [FOLDER-OF-EXITPLANE [RELEASE…]]
#
# Each release, bookworm and bullseye by default, is made by debootstrap with what is essential alone, in a
# folder that goes with it. As root, on a network; where debootstrap is not installed, it says so and exits 77.
set -euo pipefail

repository=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
build=$(cd "${1:-$repository/.build/release}" && pwd)
shift || true
(($#)) || set -- bookworm bullseye
if ((EUID != 0)) || ! command -v debootstrap >/dev/null; then
  printf 'skipped: this takes root and debootstrap (apt-get install debootstrap)\n'
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
arguments=(simulate demo/map.mrc --random-poses 20 --defocus "8000,20000" --snr 0.1 --output set)
(cd "$folder" && "$build/exitplane" demo --images 1 --output demo && "$build/exitplane" "${arguments[@]}") \
  >/dev/null 2>&1
for release; do
  root=$folder/$release
  mirror=http://deb.debian.org/debian
  if ! debootstrap --variant=minbase "$release" "$root" "$mirror" >"$folder/log" 2>&1; then
    printf '%s: skipped, debootstrap says: %s\n' "$release" "$(tail -n 1 "$folder/log")"
    continue
  fi
  "$repository/Scripts/install.sh" link "$build" --prefix "$root/usr/local" 2>/dev/null
  mkdir "$root/work"
  cp -r "$folder/demo" "$root/work"
  printf '#!/bin/sh\ncd /work && exec exitplane "$@"\n' >"$root/run-it"
  chmod +x "$root/run-it"
  # A mount in a namespace of its own goes with the process.
  # shellcheck disable=SC2016
  if unshare --mount bash -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /run-it "$@"' \
    "$root" "${arguments[@]}" >"$folder/log" 2>&1 && cmp "$folder/set.mrcs" "$root/work/set.mrcs"; then
    printf '%s, %s: the same bytes\n' "$release" "$(chroot "$root" ldd --version | head -n 1)"
  else
    printf '%s: FAILED\n' "$release"
    cat "$folder/log"
    status=1
  fi
  rm -rf "$root"
done
exit "$status"
