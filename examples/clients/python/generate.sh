#!/usr/bin/env bash
# Writes gen/ from the contract, with the protoc and the plugin of grpcio-tools. Run it in the virtual environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

rm -rf gen
mkdir gen
python -m grpc_tools.protoc --proto_path=../../../proto --python_out=gen --pyi_out=gen --grpc_python_out=gen \
  ../../../proto/quota/v1/*.proto
