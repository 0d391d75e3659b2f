#!/usr/bin/env bash
# The console in a real Chromium, against the service as `npm start` runs it. Installs Debian's chromium where it is missing, and
# fails where it cannot.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../.."

give_up() {
  echo "not possible: $1" >&2
  exit 1
}

# The file itself, not a wrapper that a desktop may have put in front of it.
find_chromium() {
  command -v chromium || command -v chromium-browser || true
}

install_chromium() {
  command -v apt-get >/dev/null || give_up "no chromium, and no apt-get to install it with"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || give_up "no chromium, and no rights to install it"
    as_root=(sudo -n)
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium
}

[[ -x node_modules/.bin/vitest ]] || give_up "npm ci has not been run"
[[ -n $(find_chromium) ]] || install_chromium
CHROMIUM_PATH=$(find_chromium)
[[ -n $CHROMIUM_PATH ]] || give_up "chromium is installed and cannot be found"
export CHROMIUM_PATH

exec node_modules/.bin/node node_modules/vitest/vitest.mjs run --config packages/console/test/e2e/vitest.config.ts "$@"
