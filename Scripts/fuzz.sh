#!/usr/bin/env bash
# Feeds the readers damaged files: fuzz.sh [BATCHES [CASES [FIRST-SEED]]]
#
# Every batch is a process of its own with a seed of its own, so that a trap ends that batch alone; a batch that
# takes longer than a minute a thousand files hangs. What made a batch fail is left in a folder that is named.
# ./check must have built the tests.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
batches=${1:-20} cases=${2:-2000} first=${3:-1000}
failures=$(mktemp -d)
log=$failures/log
flags=(-c release --scratch-path .build-check -Xswiftc -enable-testing -Xswiftc -warnings-as-errors
  -Xcc -Werror=all -Xcc -Werror=extra)

failed=0
for ((seed = first; seed < first + batches; seed++)); do
  if EXITPLANE_FUZZ_CASES=$cases EXITPLANE_FUZZ_SEED=$seed EXITPLANE_FUZZ_FILE=$failures/seed-$seed \
    timeout $((60 + cases * 60 / 1000)) swift test --skip-build --disable-xctest "${flags[@]}" \
    --filter FuzzedReaderTests >"$log" 2>&1 </dev/null; then
    rm -f "$failures/seed-$seed".*
    printf 'seed %d: 3 × %d files\n' "$seed" "$cases"
  else
    failed=$((failed + 1))
    cp "$log" "$failures/seed-$seed.log"
    printf 'seed %d failed (%d): %s\n' "$seed" "$?" "$failures/seed-$seed.log"
    grep -m 3 -E '✘|Fatal error|error:' "$log" || true
  fi
done
rm -f "$log"
if ((failed > 0)); then
  printf '%d of %d batches failed; the files are in %s\n' "$failed" "$batches" "$failures"
  exit 1
fi
rmdir "$failures"
printf 'all %d batches of 3 × %d files were read or refused\n' "$batches" "$cases"
