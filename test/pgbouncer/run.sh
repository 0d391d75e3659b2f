#!/usr/bin/env bash
# The attacks of test/isolation once more, with a real PgBouncer in transaction mode between the service and PostgreSQL. Needs
# PgBouncer, which it installs from Debian where it may, and an installation by `npm ci`; fails where one is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

exec </dev/null

# Debian keeps servers where only root looks.
export PATH="$PATH:/usr/sbin:$PWD/node_modules/.bin"

if ! command -v pgbouncer >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  (apt-get update && apt-get install --yes --no-install-recommends pgbouncer) || {
    echo "PgBouncer is missing and cannot be installed here" >&2
    exit 1
  }
fi
pgbouncer --version

npm exec --offline --call 'vitest run --config vitest.pgbouncer.config.ts'
