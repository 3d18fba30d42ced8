#!/usr/bin/env bash
# Holds Scripts/install.sh to what it promises of a build: install-test.sh FOLDER-OF-EXITPLANE
#
# The installed command asks for no library, and runs in a folder that has nothing but itself and its input.
# Scripts in single quotes are expanded where they run.
# shellcheck disable=SC2016
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$1" && pwd)
if [[ $(uname) != Linux ]]; then
  printf 'skipped: install is for Linux\n'
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

"$repository/Scripts/install.sh" link "$build" --prefix "$folder/usr"
command=$folder/usr/bin/exitplane
! ldd "$command" >/dev/null 2>&1 || fail "the command asks for libraries: $(ldd "$command")"

cd "$folder"
"$build/exitplane" demo --images 3 --output demo >/dev/null 2>&1
arguments=(simulate demo/map.mrc --random-poses 20 --seed 4 --defocus "8000,20000" --snr 0.1 --threads 2)
"$build/exitplane" "${arguments[@]}" --output built 2>/dev/null
# The Swift runtime looks for its own name in /proc. A mount in a namespace of its own goes with the process.
bare() {
  unshare --mount bash -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/exitplane "$@"' "$folder" "$@"
}
mkdir proc
if bare --version >/dev/null 2>&1; then
  alone=(bare)
  where="in a root folder with nothing else"
else
  printf 'skipped: a root folder with nothing else takes the right to mount and to change it\n'
  alone=(env -i "$command")
  where="with an empty environment"
fi
"${alone[@]}" "${arguments[@]}" --output installed 2>/dev/null
cmp built.mrcs installed.mrcs
# Names of the set apart: of its stack, its micrographs and its run.
sed 's/@built/@installed/; s/built-/installed-/; s/^\(# run: name = \)built$/\1installed/' built.star |
  cmp - installed.star
"${alone[@]}" info demo/model.pdb demo/map.mrc >info.txt
grep -q '6264' info.txt || fail "info says nothing of the atoms"

for shell in bash zsh fish; do
  script=$(find usr/share -path "*/$shell*" -type f)
  grep -q 'simulate' "$script" || fail "completions for $shell know no simulate"
  ! command -v "$shell" >/dev/null || "$shell" -n "$script" || fail "$shell does not read $script"
done
grep -q '^\.Dt EXITPLANE 1' usr/share/man/man1/exitplane.1 || fail "there is no manual page"
grep -q 'random-poses' usr/share/man/man1/exitplane.1 || fail "the manual page knows no --random-poses"
printf 'the installed command gives the same bytes %s\n' "$where"
