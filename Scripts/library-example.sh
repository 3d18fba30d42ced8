#!/usr/bin/env bash
# Compiles and runs a document's Swift program: library-example.sh FOLDER-OF-EXITPLANE DOCUMENT
#
# The blocks that begin with ```swift are one program, in their order. It is compiled against what was built in the
# folder, and run beside a demonstration's files; what it writes must be right: the bytes that the command writes of the
# same map at the same poses, and derivatives that lead back to them.
set -euo pipefail

build=$(cd "$1" && pwd)
document=$(readlink -f "$2")
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/../Sources" && pwd)
# shellcheck source=Scripts/module-flags.sh
source "$sources/../Scripts/module-flags.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

awk '/^```/ { inside = $0 == "```swift"; next } inside' "$document" >main.swift
lines=$(grep -c . main.swift) || { printf '%s has no Swift program\n' "$document" && exit 1; }
module_flags "$build" "$sources"
# All that the command is linked from but the command itself.
list=$build/exitplane.product/Objects.LinkFileList
mapfile -t objects < <(grep -v -e /ExitPlaneCLI.build/ -e /ArgumentParser "$list")
swiftc -swift-version 6 -warnings-as-errors "${modules[@]}" main.swift "${objects[@]}" \
  -lfftw3 -lfftw3f -lpng16 -lz -lstdc++ -lm -o example
"$build/exitplane" demo --images 1 --output exitplane-demo >/dev/null 2>&1
./example | tee printed
"$build/exitplane" project exitplane-demo/map.mrc --random-poses 6 --seed 7 --output command.mrcs >/dev/null 2>&1
cmp library.mrcs command.mrcs
diff library.star <(sed 's/command/library/' command.star)
# Six losses, each of which grows along x, to where the projections were moved.
awk '/^[0-9]/ { lines++; if ($1 > 0 && $2 > 0) right++ }
  END { if (lines != 6 || right != 6) { print "losses and derivatives are not as they must be"; exit 1 } }' printed
printf 'a program of %d lines ran\n' "$lines"
