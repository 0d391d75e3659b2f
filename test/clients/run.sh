#!/usr/bin/env bash
# The programs of examples/clients/: generates, builds and runs each against a service that `npm start` has started, once as
# it is and once through a proxy that loses answers, and compares what they print. Needs Go, Python 3 with venv, a JDK from
# 17 with Maven, npm and an installation by `npm ci`; fetches the rest; runs from any folder; fails where something is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec </dev/null

readonly run_seconds=60
readonly node=$PWD/node_modules/.bin/node
readonly examples=$PWD/examples/clients
PATH="$PWD/node_modules/.bin:$PATH"

source test/service.sh

proxy=
clean_up() {
  [[ -z $proxy ]] || kill "$proxy" 2>/dev/null
}

# What every program prints, whatever its language: 15 at a time fit three times into 50.
expected_output() {
  cat <<END
recorded 15: 15 of 50 used
recorded 15: 30 of 50 used
recorded 15: 45 of 50 used
refused: QUOTA_EXCEEDED, 45 used and 15 asked for with a limit of 50 (HARD, SUBSCRIBED_PLAN), 5 left
violation: tenant:$1: tracked_products: 15 more would exceed the limit of 50; 45 used in this period
the next period may admit it: true
check 5: allowed, 0 would remain
check 6: refused, -1 would remain
status api_calls: 0 of 1000
status exports: 0 of 10
status searches: 0 of no limit
status tracked_products: 45 of 50
page 1: event 1 used 15, 15 in all
page 1: event 2 used 15, 30 in all
page 2: event 3 used 15, 45 in all
END
}

build_go() {
  cd "$examples/go"
  # What the machine has set for other projects is no concern of this one.
  export GOFLAGS= CGO_ENABLED=0
  buf generate
  go vet ./...
  go build -o bin/client .
}
run_go() { (cd "$examples/go" && bin/client); }

build_python() {
  cd "$examples/python"
  python3 -m venv --clear .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
  PATH="$PWD/.venv/bin:$PATH" bash generate.sh
}
run_python() { "$examples/python/.venv/bin/python" "$examples/python/client.py"; }

build_java() {
  cd "$examples/java"
  mvn --batch-mode --quiet clean compile dependency:build-classpath
}
run_java() { java --class-path "$examples/java/target/classes:$(<"$examples/java/target/classpath")" example.Main; }

build_typescript() {
  cd "$examples/typescript"
  npm ci --no-audit --no-fund --loglevel=error
  npm run --silent generate
  npm run --silent types
}
run_typescript() { (cd "$examples/typescript" && "$node" src/main.ts); }

prepare() { "$node" test/clients/prepare.ts "$address" "$admin_key" "$1"; }

# prints_what_happened LANGUAGE ADDRESS
prints_what_happened() {
  local tenant status=0
  tenant=$(prepare tenant)
  export -f "run_$1"
  export examples node QUOTA_ADDRESS=$2 QUOTA_TENANT_ID=$tenant QUOTA_API_KEY=$api_key
  timeout "$run_seconds" bash -c "run_$1" >"$work/output" 2>"$work/errors" || status=$?
  diff <(expected_output "$tenant") "$work/output" || { cat "$work/errors"; return 1; }
  ((status == 0))
}

# survives_lost_answers LANGUAGE: through a proxy of its own, which loses the first answer of each method.
survives_lost_answers() {
  local report="$work/report-$1" proxy_log="$work/proxy-$1" deadline=$((SECONDS + run_seconds))
  "$node" test/clients/faulty-proxy.ts "$address" "$report" >"$proxy_log" &
  proxy=$!
  trap 'kill "$proxy"' EXIT
  until [[ -s $proxy_log ]]; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
  prints_what_happened "$1" "$(<"$proxy_log")"
  "$node" test/clients/check-report.ts "$report" "$api_key"
}

# is_refused_without_key LANGUAGE
is_refused_without_key() {
  export -f "run_$1"
  export examples node QUOTA_ADDRESS=$address QUOTA_TENANT_ID= QUOTA_API_KEY=
  if timeout "$run_seconds" bash -c "run_$1" >"$work/output" 2>&1; then
    cat "$work/output"
    return 1
  fi
  grep -qi unauthenticated "$work/output" || { cat "$work/output"; return 1; }
}

for tool in go python3 java javac mvn npm timeout; do
  command -v "$tool" >/dev/null || give_up "$tool is installed"
done
[[ -x $node ]] || give_up "npm ci has been run"

start_service "$work/data" required
admin_key=$(<"$work/data/admin-key")
api_key=$(prepare key) || give_up "a key is made for the clients"
for language in go python java typescript; do
  check "$language: the client is generated and built" "build_$language"
  check "$language: it records until refused, checks, reads status and events" prints_what_happened "$language" "$address"
  check "$language: it is refused without a key" is_refused_without_key "$language"
  check "$language: it repeats lost answers, and nothing counts twice" survives_lost_answers "$language"
done
stop_service || give_up "the service stops"
