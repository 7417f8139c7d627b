# shellcheck shell=bash
# Checks of what commands print, for the tests of the scripts and of the Makefile.

checks=0
gives() { # expected pattern, command ..
    local given
    given=$("${@:2}" 2>&1) || true
    # shellcheck disable=SC2053
    [[ $given == $1 ]] || die "line ${BASH_LINENO[0]}: ${*:2}: expected '$1', got '$given'"
    checks=$((checks + 1))
}
