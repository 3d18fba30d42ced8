#!/usr/bin/env bash
# Puts the command where machines without Swift can run it, with its manual page and completions:
#
#   install.sh check [--prefix DIR]             looks at the arguments alone
#   install.sh link FOLDER [--prefix DIR]       installs what was built in FOLDER, such as .build/release
#
# ./exitplane install calls both. What the build compiled is linked anew with everything it uses, libc too, in one
# file: it runs on any Linux of the same architecture. Docs/Decisions/0015 says what that costs.
set -euo pipefail

usage() { printf 'usage: ./exitplane install [--prefix DIR]\n' >&2; }
fail() {
  printf 'exitplane: %s\n' "$*" >&2
  exit 1
}

action=$1
shift
if [[ $action == link ]]; then
  build=$(cd "$1" && pwd -P)
  shift
fi
prefix=$HOME/.local
[[ $(id -u) != 0 ]] || prefix=/usr/local
while (($#)); do
  case $1 in
  --prefix) [[ -n ${2-} ]] || { printf 'exitplane: --prefix needs a folder\n' >&2 && usage && exit 64; }
    prefix=$2 && shift 2 ;;
  --prefix=?*) prefix=${1#--prefix=} && shift ;;
  -h | --help)
    printf 'Installs exitplane, its manual page and its completions below DIR: %s by default.\n' "$prefix"
    usage 2>&1
    exit 0
    ;;
  *) printf 'exitplane: install takes no %s\n' "$1" >&2 && usage && exit 64 ;;
  esac
done
[[ $(uname) == Linux ]] || fail "install links a command without libraries, which Linux alone allows; run ./exitplane"
[[ $action == link ]] || exit 0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# quietly WHAT COMMAND…: shows what a command says where it fails.
quietly() {
  local what=$1
  shift
  "$@" >"$folder/log" 2>&1 </dev/null || {
    cat "$folder/log" >&2
    fail "$what failed; its report is above"
  }
}

objects=$build/exitplane.product/Objects.LinkFileList
[[ -f $objects ]] || fail "$objects is missing; this Swift's builds are not laid out as install knows them"
# SwiftPM names the entry point of an executable by its module.
quietly "linking" swiftc -static-executable "@$objects" -Xlinker --defsym=main=ExitPlaneCLI_main \
  -Xlinker --gc-sections -Xlinker --strip-all -l_FoundationCollections -l_FoundationCShims -lfftw3 -lfftw3f \
  -lpng16 -lz -lstdc++ -lm -o "$folder/exitplane"

# swift-argument-parser's generator of manual pages, which its plugin would build with the whole package again.
parser=$build
while [[ ! -d $parser/checkouts && $parser != / ]]; do parser=$(dirname "$parser"); done
mapfile -t sources < <(find "$parser/checkouts/swift-argument-parser/Tools/generate-manual" -name '*.swift')
generator=$build/exitplane-generate-manual
if [[ ! -x $generator || $build/ArgumentParser.build -nt $generator ]]; then
  quietly "building the generator of manual pages" swiftc -parse-as-library -swift-version 5 \
    -I "$build/Modules" "${sources[@]}" "$build"/ArgumentParser{,ToolInfo}.build/*.o -o "$folder/generator"
  mv "$folder/generator" "$generator"
fi
quietly "writing the manual page" "$generator" "$folder/exitplane" --output-directory "$folder"
for shell in bash zsh fish; do
  "$folder/exitplane" --generate-completion-script "$shell" >"$folder/$shell"
done

place() { install -D -m "$1" "$folder/$2" "$prefix/$3" || fail "$prefix/$3 cannot be written; name another --prefix"; }
place 755 exitplane bin/exitplane
place 644 exitplane.1 share/man/man1/exitplane.1
place 644 bash share/bash-completion/completions/exitplane
place 644 zsh share/zsh/site-functions/_exitplane
place 644 fish share/fish/vendor_completions.d/exitplane.fish
printf 'installed %s, its manual page and completions for bash, zsh and fish\n' "$prefix/bin/exitplane" >&2
