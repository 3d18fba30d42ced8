#!/usr/bin/env bash
# Compiles the Swift of articles: article-examples.sh FOLDER-OF-EXITPLANE ARTICLE...
#
# The blocks of an article that begin with ```swift are one program, in their order. It is not run: it names files of its
# readers'.
set -euo pipefail

build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=Scripts/module-flags.sh
source "$here/module-flags.sh"
module_flags "$build" "$here/../Sources"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for article; do
  awk '/^```/ { inside = $0 == "```swift"; next } inside' "$article" >"$folder/main.swift"
  [[ -s $folder/main.swift ]] || continue
  swiftc -typecheck -swift-version 6 -warnings-as-errors "${modules[@]}" "$folder/main.swift" || {
    printf 'the Swift of %s does not compile\n' "$article"
    exit 1
  }
  printf '%s: %d lines of Swift compile\n' "$article" "$(grep -c . "$folder/main.swift")"
done
