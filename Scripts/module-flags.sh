# shellcheck shell=bash
# Sourced by scripts that compile programs against what was built.

# module_flags FOLDER-OF-EXITPLANE SOURCES: sets the array `modules` to the compiler's flags for our modules.
module_flags() {
  local build=$1 sources=$2 name checkouts shims
  modules=(-I "$build/Modules")
  for name in CKernels CGemmi; do
    modules+=(-Xcc "-fmodule-map-file=$build/$name.build/module.modulemap" -Xcc "-I$sources/$name/include")
  done
  for name in CFFTW CPNG CPOSIX CZlib; do
    modules+=(-Xcc "-fmodule-map-file=$sources/$name/module.modulemap")
  done
  checkouts=$build
  while [[ ! -d $checkouts/checkouts && $checkouts != / ]]; do checkouts=$(dirname "$checkouts"); done
  shims=$checkouts/checkouts/swift-numerics/Sources/_NumericsShims/include
  modules+=(-Xcc "-fmodule-map-file=$shims/module.modulemap" -Xcc "-I$shims")
}
