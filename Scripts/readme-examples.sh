#!/usr/bin/env bash
# Runs the examples of a document: readme-examples.sh FOLDER-OF-EXITPLANE DOCUMENT
#
# In blocks that begin with ```console, lines after "$ " are commands (a trailing backslash continues one),
# run in turn in one empty folder with `exitplane` on the PATH. Each must succeed; the lines printed below a
# command must be in what it prints, in that order, where … stands for any text.
set -euo pipefail

commands=$(cd "$1" && pwd)
document=$(readlink -f "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export PATH=$commands:$PATH

command="" expected=() line_number=0 examples=0

run_example() {
  [[ -n $command ]] || return 0
  local output line next=0
  printf '%s\n' "\$ $command"
  if ! output=$(bash -euo pipefail -c "$command" 2>&1 </dev/null); then
    printf '%s\n%s: this example failed: %s\n' "$output" "$document" "$command"
    exit 1
  fi
  while IFS= read -r line && ((next < ${#expected[@]})); do
    # The expected line is a pattern where it has …, and is otherwise taken literally.
    # shellcheck disable=SC2053
    [[ $line == $(pattern "${expected[next]}") ]] && next=$((next + 1))
  done <<<"$output"
  if ((next < ${#expected[@]})); then
    printf '%s\n%s: not printed by %s: %s\n' "$output" "$document" "$command" "${expected[next]}"
    exit 1
  fi
  command="" expected=()
  examples=$((examples + 1))
}

# A line as a glob, in which only … is special.
pattern() {
  local quoted
  quoted=$(printf '%s' "$1" | sed 's/[][*?\\]/\\&/g')
  printf '%s' "${quoted//…/*}"
}

in_block=false
while IFS= read -r line || [[ -n $line ]]; do
  line_number=$((line_number + 1))
  if ! $in_block; then
    [[ $line == '```console' ]] && in_block=true
  elif [[ $line == '```' ]]; then
    run_example
    in_block=false
  elif [[ $line == '$ '* ]]; then
    run_example
    command=${line#'$ '}
  elif [[ $command == *\\ ]]; then
    command=${command%\\}${line#'> '}
  elif [[ -n $command ]]; then
    expected+=("$line")
  else
    printf '%s, line %d: output without a command: %s\n' "$document" "$line_number" "$line"
    exit 1
  fi
done <"$document"
printf '%d examples ran\n' "$examples"
((examples > 0))
