# What the suites in bash share, to be sourced: a service as `npm start` starts it, on a fresh database, and the counting of
# checks. Needs npm and an installation by `npm ci`; leaves nothing behind.

readonly ready_seconds=90
readonly stop_seconds=20

passed=0
failed=0
service=
work=$(mktemp -d)

finish() {
  local status=$?
  # A second Ctrl-C must not interrupt this.
  trap '' INT TERM
  if declare -F clean_up >/dev/null; then clean_up || true; fi
  if [[ -n $service ]]; then
    stop_service || kill -KILL -- "-$service" 2>/dev/null || true
  fi
  # Go keeps the modules that it has downloaded read-only.
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
  echo "$passed passed, $failed failed"
  ((status != 0)) || ((passed > 0 && failed == 0)) || status=1
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check SENTENCE COMMAND [ARGUMENT...]: the command says by its status whether the sentence is true.
check() {
  local sentence=$1 log="$work/check.log" status=0
  shift
  # In a shell of its own, because `set -e` does not hold in the condition of an `if`.
  (set -e; "$@") >"$log" 2>&1 && status=0 || status=$?
  if ((status == 0)); then
    passed=$((passed + 1))
    echo "ok      $sentence"
  else
    failed=$((failed + 1))
    echo "FAILED  $sentence"
    sed 's/^/        /' "$log"
  fi
}

give_up() {
  failed=$((failed + 1))
  echo "FAILED  $1"
  exit 1
}

# start_service DATA_FOLDER [AUTH [GRPC_LISTEN [HTTP_LISTEN]]]: without authentication and on free ports unless told otherwise.
# Returns when it is ready, with the addresses of its doors in `address` and `http_address`.
start_service() {
  local log="$1.log" deadline=$((SECONDS + ready_seconds))
  # Job control gives the job a process group of its own, by which it can be ended with everything that it started.
  set -m
  env -u DATABASE_URL -u DATABASE_OWNER_URL -u PLANS_FILE -u BOOTSTRAP_ADMIN_KEY_FILE -u LOG_LEVEL -u CORS_ORIGINS \
    DATA_DIR="$1" AUTH="${2:-none}" GRPC_LISTEN="${3:-127.0.0.1:0}" HTTP_LISTEN="${4:-127.0.0.1:0}" npm start >"$log" 2>&1 &
  service=$!
  set +m
  address=
  until [[ -n $address ]]; do
    if ((SECONDS > deadline)) || ! kill -0 "$service" 2>/dev/null; then
      cat "$log"
      give_up "the service starts"
    fi
    sleep 0.1
    address=$(sed -n 's/.*"grpc":"\([^"]*\)".*"msg":"ready".*/\1/p' "$log")
    http_address=$(sed -n 's/.*"http":"\([^"]*\)".*"msg":"ready".*/\1/p' "$log")
  done
}

# npm hands the signal on. Its status is the service's.
stop_service() {
  local stopping=$service deadline=$((SECONDS + stop_seconds)) status=0
  service=
  kill -TERM "$stopping" 2>/dev/null || true
  while kill -0 "$stopping" 2>/dev/null; do
    if ((SECONDS > deadline)); then
      kill -KILL -- "-$stopping" 2>/dev/null || true
      echo "the service did not stop within $stop_seconds s"
      return 1
    fi
    sleep 0.1
  done
  wait "$stopping" || status=$?
  # PostgreSQL lives in a session of its own; its arguments name the data folder.
  local left
  if left=$(pgrep -f -- "-D $work/"); then
    # One id a line.
    # shellcheck disable=SC2086
    kill -KILL $left
    echo "the service left PostgreSQL behind"
    return 1
  fi
  return "$status"
}
