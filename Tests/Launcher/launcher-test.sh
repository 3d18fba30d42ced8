#!/usr/bin/env bash
# Holds ./exitplane and Scripts/prerequisites.sh to what they promise, with a compiler and a package manager
# that only pretend: no build, no network.
# Stubs are written in single quotes, to be expanded when they run.
# shellcheck disable=SC2016
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

expect() {
  local what=$1
  shift
  if ! "$@"; then
    printf 'FAILED: %s\n' "$what"
    sed 's/^/  stdout: /' "$folder/out"
    sed 's/^/  stderr: /' "$folder/err"
    failures=$((failures + 1))
  fi
}
stub() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$folder/bin/$1"
  chmod +x "$folder/bin/$1"
}
# Runs a command under the stubs; its output is in $folder/out and err, its status in $status.
run() {
  status=0
  PATH=$folder/bin:$PATH "$@" >"$folder/out" 2>"$folder/err" || status=$?
}
builds() { wc -l <"$folder/builds"; }
says() { grep -qF -e "$1" "$folder/err"; }

# A package of one source, and a compiler whose product prints that source, the folder and its arguments.
mkdir -p "$folder/bin" "$folder/package/Sources" "$folder/elsewhere"
cp -r "$repository/exitplane" "$repository/Scripts" "$folder/package"
echo 'first' >"$folder/package/Sources/a.swift"
touch "$folder/package/Package.swift" "$folder/builds"
export FOLDER=$folder
stub swift '
case "$1" in
--version) echo "Swift version ${SWIFT_VERSION-6.1.2} (pretended)" ;;
package) echo ;;
build)
  echo "compiling"
  echo "warning: to stderr" >&2
  echo x >>"$FOLDER/builds"
  grep -q broken "$FOLDER/package/Sources/a.swift" && exit 3
  mkdir -p "$FOLDER/package/.build/release"
  {
    echo "#!/usr/bin/env bash"
    echo "echo $(cat "$FOLDER/package/Sources/a.swift")"
    echo "pwd; printf \"<%s>\" \"\$@\"; cat; exit 7"
  } >"$FOLDER/package/.build/release/exitplane"
  chmod +x "$FOLDER/package/.build/release/exitplane"
  ;;
esac'
stub dpkg-query 'for word; do echo "ii  $word"; done'
launcher=$folder/package/exitplane

cd "$folder/elsewhere"
run "$launcher" 'one argument' --two '' <<<'input'
expect "the command's output, and nothing else, is on stdout" \
  diff "$folder/out" <(printf 'first\n%s\n<one argument><--two><>input\n' "$folder/elsewhere")
expect "the exit status is the command's" [ "$status" = 7 ]
expect "a build is announced" says 'exitplane: building for release'
expect "a build that succeeds says no more" [ "$(wc -l <"$folder/err")" = 1 ]

run "$launcher" </dev/null
expect "unchanged sources are not built again" [ "$(builds)" = 1 ]
expect "nothing is said when nothing is built" [ ! -s "$folder/err" ]

touch -r "$folder/package/Sources/a.swift" "$folder/time"
echo 'again' >"$folder/package/Sources/a.swift"
touch -r "$folder/time" "$folder/package/Sources/a.swift"
run "$launcher" </dev/null
expect "an edit is built though size and time of modification are the same" grep -q again "$folder/out"

touch "$folder/package/Sources/b.swift"
run "$launcher" </dev/null
rm "$folder/package/Sources/b.swift"
run "$launcher" </dev/null
expect "new and removed sources are built" [ "$(builds)" = 4 ]

before=$(builds)
touch "$folder/package/Sources/a.swift"
run "$launcher" install --prefx "$folder"
expect "what install does not know is a usage error" [ "$status" = 64 ]
expect "that says what it knows" says 'usage: ./exitplane install [--prefix DIR]'
run "$launcher" install --help
expect "install explains itself" grep -q 'Installs exitplane' "$folder/out"
expect "neither builds anything" [ "$(builds)" = "$before" ]
if [[ $(uname) == Linux ]]; then
  run "$launcher" install --prefix "$folder/prefix"
  expect "a build that is laid out otherwise is named" says 'Objects.LinkFileList is missing'
  expect "and nothing is installed" [ ! -e "$folder/prefix" ]
fi
before=$(builds)

ln -s "$launcher" "$folder/bin/linked"
run "$folder/bin/linked" </dev/null
expect "a link to the launcher works" [ "$status-$(builds)" = "7-$before" ]

echo 'broken' >"$folder/package/Sources/a.swift"
run "$launcher" </dev/null
expect "a failed build ends in status 1" [ "$status" = 1 ]
expect "a failed build shows its report" says 'compiling'
expect "a failed build runs no old command" [ ! -s "$folder/out" ]

SWIFT_VERSION=6.0.3 run "$launcher"
expect "an old Swift is refused" says 'Swift 6.0 is too old; 6.1 or newer is needed'
SWIFT_VERSION=5.10 run "$launcher"
expect "an older Swift is refused" says 'Swift 5.10 is too old'
for version in 6.10 7.0; do
  SWIFT_VERSION=$version run "$launcher"
  expect "a newer Swift is taken" says 'the build failed'
done

if command -v dpkg-query >/dev/null; then
  stub dpkg-query 'echo "ii  libpng-dev"; exit 1'
  stub apt-get 'echo "apt-get $*" >>"$FOLDER/installed"; [[ $* == *update* ]] || exit ${APT_STATUS-0}'
  stub id 'echo 1000'
  stub sudo 'exit 1'
  run "$launcher"
  expect "a user who cannot install is told the command" \
    says 'sudo apt-get install --yes libfftw3-dev zlib1g-dev gemmi-dev tao-pegtl-dev ca-certificates'
  expect "that ends in status 1" [ "$status" = 1 ]
  expect "nothing is installed for them" [ ! -e "$folder/installed" ]

  stub id 'echo 0'
  run "$launcher"
  expect "root has them installed, and is told" says 'exitplane: installing Debian packages: libfftw3-dev'
  expect "in one call" [ "$(wc -l <"$folder/installed")" = 1 ]
  expect "with what is there left out" [ "$(grep -c libpng-dev "$folder/installed")" = 0 ]

  rm "$folder/installed"
  APT_STATUS=100 run "$launcher"
  expect "lists of packages are fetched where installing fails" grep -q 'apt-get update' "$folder/installed"
  expect "a second failure ends in status 1 and the command" says '  apt-get install --yes libfftw3-dev'

  stub id 'echo 1000'
  stub sudo '[[ $* == "-n true" ]] && exit; shift; "$@"'
  rm "$folder/installed"
  run "$launcher"
  expect "sudo is used where it asks for no password" grep -q 'install --yes' "$folder/installed"
fi

((failures == 0)) || exit 1
printf 'the launcher holds\n'
