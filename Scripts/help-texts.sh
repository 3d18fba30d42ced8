#!/usr/bin/env bash
# Asks every subcommand for its help, and looks there for what a document promises:
# help-texts.sh FOLDER-OF-EXITPLANE DOCUMENT
#
# Every option in the document's lines that speak of `exitplane`, and in code spans of their own such as
# `--threads`, must be in some help text; but for `./exitplane install`, which the launcher does and its test holds.
set -euo pipefail

exitplane=$1/exitplane
document=$2

subcommands() { sed -n '/^SUBCOMMANDS:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p'; }

overview=$("$exitplane" --help)
texts=$overview
for subcommand in $(subcommands <<<"$overview"); do
  text=$("$exitplane" help "$subcommand")
  printf 'exitplane help %s: %d lines\n' "$subcommand" "$(wc -l <<<"$text")"
  # The first line has what the command is for; a command that nobody describes has usage alone.
  if [[ $text != OVERVIEW:* ]]; then
    printf 'exitplane help %s does not say what the command is for\n' "$subcommand"
    exit 1
  fi
  texts+=$'\n'$text
done

status=0
# A command's lines go on where they end in a backslash.
promised=$(sed -e ':more' -e '/\\$/{N' -e 's/\\\n//' -e 'b more' -e '}' "$document" |
  { grep -e exitplane -e '`--' || true; } | { grep -v -e './exitplane install' || true; } |
  { grep -oE -e '--[a-z][a-z-]*[a-z]' || true; } | sort -u)
for option in $promised; do
  if ! grep -qE -e "(^|[^a-z-])$option([^a-z-]|$)" <<<"$texts"; then
    printf '%s promises %s, which no help text has\n' "$document" "$option"
    status=1
  fi
done
exit $status
