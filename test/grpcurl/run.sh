#!/usr/bin/env bash
# The service as people meet it: the real grpcurl and buf curl against what `npm start` starts, and then every command
# of the README that calls one of them, as printed, on a fresh database. Needs Go, npm and an installation by `npm ci`;
# runs from any folder; fails where something is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

exec </dev/null

readonly package=github.com/fullstorydev/grpcurl/cmd/grpcurl
readonly version=v1.9.3
readonly call_seconds=30

# The plan and the tenant of examples/plans.yaml.
readonly tenant=11111111-1111-4111-8111-111111111111

source test/service.sh

# The folder is ours alone, so that nobody can put a program there for us to run.
install_grpcurl() {
  gobin="${TMPDIR:-/tmp}/quota-gobin-$(id -u)"
  mkdir -p -m 700 "$gobin"
  [[ -O $gobin && ! -L $gobin ]] || give_up "$gobin belongs to somebody else"
  if [[ ! -x $gobin/grpcurl ]]; then
    export GOBIN=$gobin CGO_ENABLED=0 GOFLAGS=
    go install "$package@$version" || go install "$package@latest" || give_up "grpcurl can be installed"
  fi
  PATH="$gobin:$PATH"
  grpcurl -version 2>&1
}

call() {
  timeout "$call_seconds" grpcurl -plaintext "$@"
}

buf_curl() {
  timeout "$call_seconds" npx buf curl --protocol grpc --http2-prior-knowledge "$@"
}

# includes TEXT LINE...: each stands in the text, whatever white space the printer put between words.
includes() {
  local text line
  text=$(tr -s '[:space:]' ' ' <<<"$1")
  shift
  for line in "$@"; do
    [[ $text == *"$line"* ]] || {
      echo "lacks: $line"
      echo "in: $text"
      return 1
    }
  done
}

lists_services() {
  [[ $(call "$address" list) == "grpc.health.v1.Health
quota.v1.AdminService
quota.v1.ApiKeyService
quota.v1.PlanService
quota.v1.QuotaService
quota.v1.SubscriptionService" ]]
}

lists_rpcs() {
  [[ $(call "$address" list quota.v1.QuotaService) == "quota.v1.QuotaService.CheckQuota
quota.v1.QuotaService.GetStatus
quota.v1.QuotaService.ListEvents
quota.v1.QuotaService.RecordUsage" ]]
}

# shows SYMBOL LINE...
shows() {
  includes "$(call "$address" describe "$1")" "${@:2}"
}

is_healthy() {
  local name
  for name in "" quota.v1.{Quota,Plan,Subscription,ApiKey}Service; do
    includes "$(call -d "{\"service\": \"$name\"}" "$address" grpc.health.v1.Health/Check)" '"status": "SERVING"'
  done
}

# usage_call RPC AMOUNT [MORE_FIELDS]
usage_call() {
  call -d "{\"tenant_id\": \"$tenant\", \"metric_code\": \"tracked_products\", \"amount\": $2${3:+, $3}}" \
    "$address" "quota.v1.QuotaService/$1"
}

records_usage() {
  includes "$(usage_call RecordUsage 30 '"metadata": {"source": "grpcurl", "rows": [1, 2.5, null]}')" \
    '"amount": "30"' '"usageAfter": "30"' '"sequence": "1"' '"source": "grpcurl"' '"remaining": "20"'
}

replays_usage() {
  local first again
  first=$(usage_call RecordUsage 1 '"idempotency_key": "row-1"')
  again=$(usage_call RecordUsage 1 '"idempotency_key": "row-1"')
  includes "$again" '"replayed": true' '"usageAfter": "31"'
  [[ $(grep '"id"' <<<"$first") == "$(grep '"id"' <<<"$again")" ]]
}

# grpcurl's status is 64 and the gRPC code.
readonly resource_exhausted=72 invalid_argument=67

refuses_usage() {
  local answer status=0
  answer=$(usage_call RecordUsage 20 2>&1) || status=$?
  includes "$answer" "Code: ResourceExhausted" '"@type": "type.googleapis.com/google.rpc.ErrorInfo"' \
    '"domain": "quota.v1"' '"reason": "QUOTA_EXCEEDED"' '"limit": "50"' '"current": "31"' '"requested": "20"' \
    '"@type": "type.googleapis.com/google.rpc.QuotaFailure"'
  ((status == resource_exhausted))
}

names_bad_fields() {
  local answer status=0
  answer=$(usage_call RecordUsage 0 2>&1) || status=$?
  includes "$answer" "Code: InvalidArgument" '"reason": "INVALID_REQUEST"' '"field": "amount"'
  ((status == invalid_argument))
}

checks_quota() {
  includes "$(usage_call CheckQuota 20)" '"wouldExceed": true' '"remaining": "-1"' '"current": "31"'
  includes "$(usage_call CheckQuota 19)" '"allowed": true'
}

gets_status() {
  includes "$(call -d "{\"tenant_id\": \"$tenant\"}" "$address" quota.v1.QuotaService/GetStatus)" \
    '"metricCode": "api_calls"' '"metricCode": "exports"' '"metricCode": "searches"' '"metricCode": "tracked_products"'
}

# list_page TOKEN
list_page() {
  local page="\"order\": \"EVENT_ORDER_OLDEST_FIRST\", \"page_size\": 1, \"page_token\": \"$1\""
  call -d "{\"tenant_id\": \"$tenant\", $page}" "$address" quota.v1.QuotaService/ListEvents
}

lists_pages() {
  local first second token
  first=$(list_page "")
  includes "$first" '"sequence": "1"' '"nextPageToken": '
  token=$(sed -n 's/.*"nextPageToken": *"\([^"]*\)".*/\1/p' <<<"$first")
  second=$(list_page "$token")
  includes "$second" '"sequence": "2"'
  [[ $second != *'"sequence": "1"'* ]]
}

check_quota_by_buf() {
  buf_curl "$@" -d "{\"tenant_id\": \"$tenant\", \"metric_code\": \"tracked_products\", \"amount\": \"1\"}" \
    "http://$address/quota.v1.QuotaService/CheckQuota"
}

# reflects PROTOCOL
reflects() {
  includes "$(buf_curl --reflect-protocol "$1" --list-services "http://$address")" quota.v1.QuotaService
  includes "$(check_quota_by_buf --reflect-protocol "$1")" '"allowed": true' '"current": "31"'
}

answers_buf_with_schema() {
  includes "$(check_quota_by_buf --reflect=false --schema proto)" '"allowed": true' '"current": "31"'
}

refuses_buf() {
  local answer status=0
  answer=$(buf_curl -d "{\"tenant_id\": \"$tenant\", \"metric_code\": \"tracked_products\", \"amount\": \"20\"}" \
    "http://$address/quota.v1.QuotaService/RecordUsage" 2>&1) || status=$?
  includes "$answer" '"code": "resource_exhausted"' google.rpc.ErrorInfo QUOTA_EXCEEDED
  ((status != 0))
}

# The commands run in the README's order, each on what those before it left.
# runs_readme [FOLDER]: those that show a key, in that folder; without it the others, here.
runs_readme() {
  local report="$work/readme.txt" counts
  node_modules/.bin/node test/grpcurl/readme-commands.ts README.md "$@" >"$report" 2>&1 || true
  grep -v '^counts ' "$report" || true
  counts=$(sed -n 's/^counts //p' "$report")
  [[ $counts =~ ^[0-9]+\ [0-9]+$ ]] || give_up "the README's commands are run"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

for tool in curl go npm npx timeout pgrep; do
  command -v "$tool" >/dev/null || give_up "$tool is installed"
done
[[ -x node_modules/.bin/node ]] || give_up "npm ci has been run"
install_grpcurl

start_service "$work/data"
check "grpcurl list names the services" lists_services
check "grpcurl list names the RPCs of a service" lists_rpcs
check "grpcurl describe shows an RPC" shows quota.v1.QuotaService.RecordUsage \
  "rpc RecordUsage ( .quota.v1.RecordUsageRequest ) returns ( .quota.v1.RecordUsageResponse );"
check "grpcurl describe shows a message" shows quota.v1.RecordUsageRequest \
  "string tenant_id = 1;" "string metric_code = 2;" "int64 amount = 3;" ".google.protobuf.Struct metadata = 4;" \
  "optional string idempotency_key = 5;" "optional string plan_code = 6;"
check "grpcurl describe shows what only errors carry" shows quota.v1.ErrorReason "ERROR_REASON_QUOTA_EXCEEDED = "
check "health checks say SERVING, overall and for each service" is_healthy
check "RecordUsage records" records_usage
check "RecordUsage with a key replays" replays_usage
check "RecordUsage past a HARD limit fails, and grpcurl prints why" refuses_usage
check "a bad field is named" names_bad_fields
check "CheckQuota answers" checks_quota
check "GetStatus answers" gets_status
check "ListEvents goes on at a page token" lists_pages
check "reflection v1 answers" reflects grpc-v1
check "reflection v1alpha answers" reflects grpc-v1alpha
check "buf curl needs no reflection" answers_buf_with_schema
check "buf curl prints why a call was refused" refuses_buf
# Not by `check`, whose shell would forget that nothing runs any more.
stop_service && passed=$((passed + 1)) && echo "ok      the service stops" || give_up "the service stops"

start_service "$work/readme" none 127.0.0.1:50051 127.0.0.1:8080
runs_readme
stop_service || give_up "the service stops after the README's commands"

# In a folder in which the data lies where the README has it.
mkdir "$work/keyed"
start_service "$work/keyed/.data" required 127.0.0.1:50051 127.0.0.1:8080
runs_readme "$work/keyed"
stop_service || give_up "the service stops after the README's commands with a key"
