#!/usr/bin/env bash
# The client package as its users get it: packed, installed in an empty folder, type-checked and run there on Node 22, over
# both transports, against a service that `npm start` has started; then its README, block by block. Needs npm and an
# installation by `npm ci`; runs from any folder; fails where something is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
exec </dev/null

# The oldest Node that the package supports, as an npm package of this platform, and what its users have beside it.
readonly node_version=22.23.3
readonly packages=(
  "@grpc/grpc-js@1.14.7" "@connectrpc/connect@2.2.0" "@connectrpc/connect-node@2.2.0"
  "typescript@7.0.2" "@types/node@22.20.5"
)

# The tenant of examples/plans.yaml.
readonly tenant=11111111-1111-4111-8111-111111111111

source test/service.sh

node_package() {
  local system machine
  system=$(uname -s | tr '[:upper:]' '[:lower:]')
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) give_up "there is a Node package for $(uname -m)" ;;
  esac
  echo "node-$system-$machine@$node_version"
}

# new_folder NAME: an empty project.
new_folder() {
  mkdir "$work/$1"
  echo '{ "name": "user", "private": true, "type": "module" }' >"$work/$1/package.json"
}

# install FOLDER PACKAGE...
install() {
  local folder=$1
  shift
  npm install --prefix "$work/$folder" --no-audit --no-fund --loglevel=error "$@"
}

packs_what_is_needed() {
  local files
  files=$(tar -tzf "$tarball" | sort)
  grep -qx package/README.md <<<"$files"
  grep -qx package/LICENSE <<<"$files"
  grep -qx package/dist/index.js <<<"$files"
  grep -qx package/dist/index.d.ts <<<"$files"
  # Node does not run TypeScript under node_modules.
  if grep -E '\.ts$' <<<"$files" | grep -vE '\.d\.ts$'; then
    echo "TypeScript was packed"
    return 1
  fi
  if grep -E '^package/(src|test)/' <<<"$files"; then
    echo "sources were packed"
    return 1
  fi
}

# Node of the folder, whatever the machine's is.
run() {
  (cd "$work/user" && QUOTA_ADDRESS=$address QUOTA_HTTP_ADDRESS=$http_address QUOTA_TENANT_ID=$tenant node_modules/.bin/node "$@")
}

type_checks() {
  (cd "$work/user" && node_modules/.bin/tsc --strict --noEmit --target es2023 --lib es2023,dom --module nodenext \
    --exactOptionalPropertyTypes --allowImportingTsExtensions --erasableSyntaxOnly --verbatimModuleSyntax --types node "$1")
}

runs_program() {
  [[ $(run program.ts) == "grpc-js: ok
connect: ok" ]]
}

# Without a transport's packages: they are for their users only.
is_lean() {
  (cd "$work/lean" && ../user/node_modules/.bin/node --input-type=module --eval '
    import { QuotaClient } from "quota-client";
    import { readdirSync } from "node:fs";
    const installed = readdirSync("node_modules").filter((name) => !name.startsWith(".")).sort().join(" ");
    if (installed !== "@bufbuild quota-client" || typeof QuotaClient !== "function") throw new Error(installed);
  ')
}

# The lines that the README's comments promise appear in its program's output, in their order.
keeps_promises() {
  local output promised line
  output=$(run readme.ts)
  promised=$(node_modules/.bin/node packages/client/acceptance/readme-program.ts packages/client/README.md --expect)
  while read -r line; do
    [[ $output == *"$line"* ]] || {
      printf 'lacks: %s\nin: %s\n' "$line" "$output"
      return 1
    }
    output=${output#*"$line"}
  done <<<"$promised"
}

[[ -x node_modules/.bin/node ]] || give_up "npm ci has been run"

npm pack --silent --workspace packages/client --pack-destination "$work" >"$work/pack.log" 2>&1 || {
  cat "$work/pack.log"
  give_up "the package is built and packed"
}
tarball=$(echo "$work"/quota-client-*.tgz)
check "the package holds compiled code, types, README and licence, and no source" packs_what_is_needed

new_folder lean
new_folder user
check "the package can be installed in an empty folder" install lean "$tarball"
check "the package can be installed beside what its users have" install user "$tarball" "$(node_package)" "${packages[@]}"
check "the package brings no transport along" is_lean

cp packages/client/acceptance/program.ts "$work/user/program.ts"
check "a program that uses the package type-checks" type_checks program.ts

start_service "$work/data"
check "the package works over both transports on Node 22" runs_program
stop_service || give_up "the service stops"

# The README's numbers are those of an unused tenant.
start_service "$work/readme-data"
node_modules/.bin/node packages/client/acceptance/readme-program.ts packages/client/README.md "127.0.0.1:50051=$address" \
  "127.0.0.1:8080=$http_address" >"$work/user/readme.ts"
check "the README's program type-checks" type_checks readme.ts
check "the README's program runs and prints what it says" keeps_promises
stop_service || give_up "the service stops"
