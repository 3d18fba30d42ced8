#!/usr/bin/env bash
# Compiles and runs a document's Swift program: library-example.sh FOLDER-OF-EXITPLANE DOCUMENT
#
# The one block that begins with ```swift is compiled as a program of its own against what was built in the folder,
# and run beside a demonstration's files; what it writes must be right: projections of the map and of the structure
# agree.
set -euo pipefail

build=$(cd "$1" && pwd)
document=$(readlink -f "$2")
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/../Sources" && pwd)
# shellcheck source=Scripts/module-flags.sh
source "$sources/../Scripts/module-flags.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

awk '/^```/ { if (inside) exit; inside = $0 == "```swift"; next } inside' "$document" >main.swift
lines=$(grep -c . main.swift) || { printf '%s has no Swift program\n' "$document" && exit 1; }
module_flags "$build" "$sources"
# All that the command is linked from but the command itself.
list=$build/exitplane.product/Objects.LinkFileList
mapfile -t objects < <(grep -v -e /ExitPlaneCLI.build/ -e /ArgumentParser "$list")
swiftc -swift-version 6 -warnings-as-errors "${modules[@]}" main.swift "${objects[@]}" \
  -lfftw3 -lfftw3f -lpng16 -lz -lstdc++ -lm -o example
"$build/exitplane" demo --images 1 --output exitplane-demo >/dev/null 2>&1
./example
grep -q 'stack of 6 images' <<<"$("$build/exitplane" info library.mrcs)"
# The map's images are the first three, the structure's the others: at every pose they correlate.
od -An -v -tf4 -w4 -j1024 library.mrcs | awk '
  { value[NR - 1] = $1 }
  END {
    pixels = NR / 6
    for (pose = 0; pose < 3; pose++) {
      a = b = ab = aa = bb = 0
      for (i = 0; i < pixels; i++) {
        x = value[pose * pixels + i]; y = value[(pose + 3) * pixels + i]
        a += x; b += y; ab += x * y; aa += x * x; bb += y * y
      }
      r = (ab - a * b / pixels) / sqrt((aa - a * a / pixels) * (bb - b * b / pixels))
      printf "pose %d: correlation %.4f of map and structure\n", pose + 1, r
      if (!(r > 0.99)) exit 1
    }
  }'
printf 'a program of %d lines ran\n' "$lines"
