#!/usr/bin/env bash
# Builds everything with a sanitizer, C and C++ as well as Swift, and runs the tests and a matrix of options with it:
# sanitize.sh [address] [undefined] [thread]
#
# All three without arguments. Each has a build of its own in .build-sanitize-NAME, which takes as long as a first
# build. `--sanitize=address` alone would leave the C kernels as they are.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
(($#)) || set -- address undefined thread

# What a sanitizer's reports would end, and where they go.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
status=0

# matrix COMMAND: every input with every method and the options that change which kernels run.
matrix() {
  local command=$1 folder runs=0 precision arguments
  folder=$(mktemp -d)
  pushd "$folder" >/dev/null
  run() {
    runs=$((runs + 1))
    "$command" "$@" >log 2>&1 </dev/null || {
      printf 'failed (%d): exitplane %s\n' "$?" "$*"
      tail -n 30 log
      popd >/dev/null
      return 1
    }
  }
  run demo --output demo --images 2 || return
  for precision in single double; do
    local common=(--precision "$precision" --threads 3)
    for arguments in "--interpolation linear" "--interpolation linear --pad-scale 2" "--interpolation cubic" \
      "--interpolation cubic --slice-grid volume" "--interpolation exact --accuracy 1e-1" \
      "--interpolation exact --accuracy 1e-2" "--interpolation exact --accuracy 1e-3" \
      "--interpolation exact --accuracy 1e-5" "--interpolation cubic --resolution 8" "--box 97" "--box 60 --sum" "--ewald" "--method real-voxel" \
      "--method real-voxel --algorithm gathering" "--rescale --pixel-size 2.1"; do
      # shellcheck disable=SC2086
      run project demo/map.mrc --random-poses 3 $arguments "${common[@]}" --output p.mrcs || return
    done
    for arguments in "" "--point-sampling" "--upsampling 2" "--method fft-atom" "--method fft-atom --upsample 3" \
      "--method fft-atom --no-antialias" "--resolution 12"; do
      # shellcheck disable=SC2086
      run project demo/model.pdb --random-poses 3 --box 65 --pixel-size 2.8 $arguments "${common[@]}" \
        --output q.mrcs || return
    done
    for arguments in "--snr 0.1" "--snr 0.1 --box 99" "--defocus 8000,20000 --astigmatism 0,400 --snr 0.1" \
      "--defocus 15000 --image-model counts --dose 20 --poisson" "--defocus 15000 --snr 0.1 --float16" \
      "--defocus 15000 --ewald --noise-std 1 --noise-falloff 0.05"; do
      # shellcheck disable=SC2086
      run simulate demo/map.mrc --random-poses 4 $arguments "${common[@]}" --output s || return
    done
    run render demo/model.pdb --box 50 --voxel-size 3 --precision "$precision" --output r.mrc || return
  done
  run compare demo/map.mrc demo/map.mrc --plot fsc.png --star fsc.star || return
  run info demo/map.mrc demo/model.pdb demo/particles.star || return
  popd >/dev/null
  rm -rf "$folder"
  printf '%d runs of commands passed\n' "$runs"
}

for sanitizer; do
  flags=(-c release --scratch-path ".build-sanitize-$sanitizer" -Xswiftc -enable-testing)
  case $sanitizer in
  address | thread)
    flags+=(--sanitize="$sanitizer" -Xcc "-fsanitize=$sanitizer" -Xcxx "-fsanitize=$sanitizer")
    ;;
  undefined)
    # Swift traps by itself; this is for C and C++. gcc's runtime library serves clang's calls, but for those that look
    # at the types of functions.
    flags+=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize=function -Xcc -fno-sanitize-recover=undefined
      -Xcxx -fsanitize=undefined -Xcxx -fno-sanitize=function
      -Xcxx -fno-sanitize=vptr -Xcxx -fno-sanitize-recover=undefined
      -Xcxx "-fsanitize-ignorelist=$PWD/Scripts/undefined-ignored.txt" -Xlinker -lubsan)
    ;;
  *)
    printf 'there is no sanitizer %s; there are: address, undefined, thread\n' "$sanitizer" >&2
    exit 64
    ;;
  esac
  log=.build-sanitize-$sanitizer.log
  printf '%s: building, with a log in %s\n' "$sanitizer" "$log"
  if ! swift build --build-tests "${flags[@]}" >"$log" 2>&1 </dev/null; then
    grep -E 'error' "$log" | head -n 20
    status=1
    continue
  fi
  swift test --skip-build --disable-xctest "${flags[@]}" >>"$log" 2>&1 </dev/null || {
    status=1
    grep -E -A 12 -e 'ERROR: AddressSanitizer' -e 'runtime error' -e 'WARNING: ThreadSanitizer' -e '^✘' "$log" |
      head -n 80
  }
  printf '%s: %s\n' "$sanitizer" "$(grep 'Test run with' "$log" | tail -n 1)"
  matrix "$PWD/.build-sanitize-$sanitizer/release/exitplane" || status=1
done
exit "$status"
