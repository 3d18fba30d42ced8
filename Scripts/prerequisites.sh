# shellcheck shell=bash
# What a build needs, for ./exitplane and ./check to source. Everything here talks on stderr.
#
#   require_swift          stops where there is no Swift, or one too old for Package.swift
#   require_packages NAME  installs what is missing, or stops and names the command that would; NAME speaks

# Debian's and Homebrew's names of the libraries. gemmi's headers need PEGTL, which gemmi-dev does not bring.
debian_libraries=(libfftw3-dev libpng-dev zlib1g-dev gemmi-dev tao-pegtl-dev ca-certificates)
homebrew_libraries=(fftw libpng gemmi pegtl pkgconf)

say() { printf '%s\n' "$*" >&2; }

require_swift() {
  local version
  if ! command -v swift >/dev/null; then
    say "Swift is not on the PATH; version 6.1 or newer is needed: https://www.swift.org/install"
    exit 1
  fi
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  if [[ -z $version || ${version%%.*} -lt 6 || ($version == 6.* && ${version#*.} -lt 1) ]]; then
    say "Swift ${version:-of an unknown version} is too old; 6.1 or newer is needed: https://www.swift.org/install"
    exit 1
  fi
}

require_packages() {
  local name=$1 missing=()
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    missing_debian_packages
    ((${#missing[@]})) || return 0
    install_debian_packages "$name"
  elif [[ $(uname) == Darwin ]]; then
    if ! pkg-config --exists fftw3 fftw3f libpng zlib 2>/dev/null; then
      say "$name needs libraries that are not installed; this installs them:"
      say "  brew install ${homebrew_libraries[*]}"
      exit 1
    fi
  fi
}

# Into the caller's `missing`. Libraries are asked for by package; tools by what they do, because a
# package's name changes from release to release.
missing_debian_packages() {
  local package installed
  # It fails where it does not know one of them, and still lists the others.
  installed=$({ dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' "${debian_libraries[@]}" \
    2>/dev/null || true; } | sed -n 's/^ii *//p')
  for package in "${debian_libraries[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'$package$'\n'* ]] || missing+=("$package")
  done
  command -v git >/dev/null || missing+=(git)
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  command -v ld >/dev/null || missing+=(binutils)
  # Tests follow system calls with it.
  [[ $name != check ]] || command -v strace >/dev/null || missing+=(strace)
  compgen -G '/usr/include/c++/*/vector' >/dev/null || missing+=(g++)
  # Swift's own package manager does not start without these.
  if command -v swift >/dev/null && ! swift package --version >/dev/null 2>&1; then
    missing+=(libcurl4 libncurses6 libsqlite3-0 libxml2)
  fi
}

install_debian_packages() {
  local name=$1 log as_root=()
  if [[ $(id -u) != 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      say "$name needs Debian packages that are not installed; this installs them:"
      say "  sudo apt-get install --yes ${missing[*]}"
      exit 1
    fi
    as_root=(sudo -n)
  fi
  say "$name: installing Debian packages: ${missing[*]}"
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300
    install --yes --no-install-recommends "${missing[@]}")
  log=$(mktemp)
  # A machine's lists of packages may be missing or old, and are fetched only where that shows.
  if ! "${install[@]}" >"$log" 2>&1 </dev/null; then
    "${as_root[@]}" apt-get update >>"$log" 2>&1 </dev/null || true
    if ! "${install[@]}" >>"$log" 2>&1 </dev/null; then
      cat "$log" >&2
      rm -f "$log"
      say "$name: the packages could not be installed; when that is mended, this installs them:"
      say "  ${as_root[0]:+sudo }apt-get install --yes ${missing[*]}"
      exit 1
    fi
  fi
  rm -f "$log"
}
