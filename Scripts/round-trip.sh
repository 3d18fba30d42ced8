#!/usr/bin/env bash
# A structure to particles by exitplane, the particles to a map by relion_reconstruct, the map against the structure:
# round-trip.sh STRUCTURE [FOLDER-OF-EXITPLANE [FOLDER-FOR-RESULTS]]
#
# 3,000 uniform poses with shifts, box 96, 1.2 Å, defocus 0.8 to 2 µm. Without noise the shell correlation must stay
# above 0.95 to 3 Å; at a signal-to-noise ratio of 0.1 it must be above 0.5 to 5 Å. With the signs of the angles or of
# the origins turned round in the STAR file alone, it must not.
set -euo pipefail

repository=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
structure=$(readlink -f "$1")
commands=$(cd "${2:-$repository/.build/release}" && pwd)
folder=${3:-$(mktemp -d)}
mkdir -p "$folder"
export PATH=$commands:$PATH
cd "$folder"
command -v relion_reconstruct >/dev/null || {
  printf 'skipped: relion_reconstruct is not installed (apt-get install relion)\n'
  exit 77
}

box=(--box 96 --pixel-size 1.2)
exitplane render "$structure" --box 96 --voxel-size 1.2 --output reference.mrc 2>/dev/null
exitplane poses --count 3000 --seed 1 --shifts 3 --defocus 8000,20000 "${box[@]}" --output poses.star 2>/dev/null

# reconstruct NAME: the map of NAME.star, compared with the structure's.
reconstruct() {
  relion_reconstruct --i "$1.star" --o "$1.mrc" --ctf >"$1.log" 2>&1
  exitplane compare reference.mrc "$1.mrc" --star "$1-fsc.star" --plot "$1-fsc.png" >"$1-fsc.txt"
}
# least NAME RESOLUTION: the least correlation of the shells up to a resolution.
least() { awk -v limit="$2" '$2 > 0 && $3 >= limit && NF == 5 { if (n++ == 0 || $4 < low) low = $4 } END { print low }' "$1-fsc.txt"; }
# resolution NAME: at 0.5; 1000 Å where there is none.
resolution() {
  sed -n 's/^resolution at 0.5: \(never below it, to \)\{0,1\}\([0-9.]*\) Å$/\2/p' "$1-fsc.txt" | grep . || echo 1000
}
# negate FROM TO COLUMN…: a STAR file with columns turned round.
negate() {
  awk -v columns="${*:3}" '
    BEGIN { split(columns, list, " "); for (i in list) wanted["_" list[i]] = 1 }
    /^loop_/ { split("", places) }
    /^_/ && ($1 in wanted) { places[substr($2, 2)] = 1 }
    /@/ { for (place in places) $place = -$place }
    { print }' "$1.star" >"$2.star"
}
status=0
# expect SENTENCE VALUE COMPARISON LIMIT
expect() {
  if awk -v a="$2" -v b="$4" "BEGIN { exit !(a $3 b) }"; then
    printf '%s: %s (%s %s)\n' "$1" "$2" "$3" "$4"
  else
    printf '%s: %s, which is not %s %s\n' "$1" "$2" "$3" "$4"
    status=1
  fi
}

exitplane simulate "$structure" "${box[@]}" --poses poses.star --output noiseless 2>/dev/null
reconstruct noiseless
expect "least correlation to 3 Å, no noise" "$(least noiseless 3)" ">" 0.95

exitplane simulate "$structure" "${box[@]}" --poses poses.star --snr 0.1 --output noisy 2>/dev/null
reconstruct noisy
expect "resolution at 0.5, SNR 0.1, in Å" "$(resolution noisy)" "<" 5

negate noiseless turned-angles rlnAngleRot rlnAngleTilt rlnAnglePsi
reconstruct turned-angles
expect "least correlation to 3 Å, angles of the wrong sign" "$(least turned-angles 3)" "<" 0.95
expect "resolution at 0.5, angles of the wrong sign, in Å" "$(resolution turned-angles)" ">" 5

negate noiseless turned-origins rlnOriginXAngst rlnOriginYAngst
reconstruct turned-origins
expect "least correlation to 3 Å, origins of the wrong sign" "$(least turned-origins 3)" "<" 0.95
expect "resolution at 0.5, origins of the wrong sign, in Å" "$(resolution turned-origins)" ">" 5
printf 'curves and plots are in %s\n' "$folder"
exit "$status"
