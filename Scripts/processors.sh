#!/usr/bin/env bash
# Runs the command on older processors than this one, emulated: processors.sh [FOLDER-OF-EXITPLANE]
#
# Debian's qemu-user pretends to be a processor with SSE2 alone (Core 2), with AVX (Sandy Bridge) and with AVX2 and
# fused multiply-add (Haswell). On each the command must run, choose its kernels by itself, and give the bytes that
# Docs/Decisions/0014 says; a run that began here is not resumed there where they would differ. Where qemu-x86_64 is
# not installed, it says so and exits 77.
# Some functions are called by `expect`.
# shellcheck disable=SC2317
set -euo pipefail

build=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../.build/release}" && pwd)
skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}
[[ $(uname -m) == x86_64 ]] || skip "these are processors of x86-64"
command -v qemu-x86_64 >/dev/null || skip "qemu-x86_64 is not installed (apt-get install qemu-user)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
status=0
expect() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then printf 'holds: %s\n' "$what"; else
    printf 'FAILED: %s\n' "$what"
    status=1
  fi
}
here() { "$build/exitplane" "$@"; }
on() { qemu-x86_64 -cpu "$1" "$build/exitplane" "${@:2}"; }
differ() { ! cmp -s "$1" "$2"; }

here demo --images 1 --output demo >/dev/null 2>&1
map=(simulate demo/map.mrc --random-poses 6 --defocus "8000,20000" --snr 0.1 --threads 1)
atoms=(project demo/model.pdb --random-poses 2 --box 64 --pixel-size 2.8 --threads 1)
here "${map[@]}" --output here 2>/dev/null
here "${atoms[@]}" --output here-atoms.mrcs 2>/dev/null
for level in baseline x86-64-v3; do
  EXITPLANE_INSTRUCTION_SET=$level here "${map[@]}" --output "$level" 2>/dev/null
done
for processor in core2duo SandyBridge Haswell; do
  on "$processor" "${map[@]}" --output "$processor" 2>qemu.log || { cat qemu.log; status=1; continue; }
  on "$processor" "${atoms[@]}" --output "$processor-atoms.mrcs" 2>qemu.log || { cat qemu.log; status=1; }
  for kind in .mrcs -atoms.mrcs; do
    printf '%s%s: ' "$processor" "$kind"
    # The largest difference to the file made here, and the largest number in that.
    paste <(od -An -v -tf4 -w4 -j1024 "here$kind") <(od -An -v -tf4 -w4 -j1024 "$processor$kind") | awk '
      { d = $1 - $2; if (d < 0) d = -d; if (d > worst) worst = d; a = $1 < 0 ? -$1 : $1; if (a > most) most = a }
      END { printf "largest difference %.2g of %.3g\n", worst, most; exit !(worst < 2e-5 * most) }' || status=1
  done
done
if EXITPLANE_INSTRUCTION_SET=x86-64-v3 here info demo/map.mrc >/dev/null 2>&1; then
  expect "AVX2 and FMA, emulated, give this processor's bytes" cmp here.mrcs Haswell.mrcs
  expect "so do the kernels of that level here" cmp here.mrcs x86-64-v3.mrcs
  expect "atoms too" cmp here-atoms.mrcs Haswell-atoms.mrcs
fi
printf 'AVX and SSE2 are %s; the baseline here and AVX are %s\n' \
  "$(differ SandyBridge.mrcs core2duo.mrcs && echo different || echo equal)" \
  "$(differ SandyBridge.mrcs baseline.mrcs && echo different || echo equal)"

# A run that is stopped here is not gone on with there.
"$build/exitplane" "${map[@]/6/3000}" --checkpoint-interval 0 --output stopped 2>/dev/null &
while [[ ! -e stopped.mrcs.checkpoint ]] && kill -0 $! 2>/dev/null; do sleep 0.01; done
kill -9 $! 2>/dev/null || true
wait $! 2>/dev/null || true
resume() { on SandyBridge "${map[@]/6/3000}" --output stopped --resume 2>resumed.log; }
refused() { ! resume && grep -q 'processor was' resumed.log; }
expect "a run is not resumed on a processor that rounds otherwise" refused
exit "$status"
