#!/usr/bin/env bash
# Deploy to the AWS account of your credentials. `make deploy` calls this once .venv and
# node_modules are set up; DEPLOY_OPTIONS is passed on to `cdk deploy`.
set -euo pipefail

export PATH="$PWD/.venv/bin:$PATH" # cdk starts node, and node starts python
export HEIMDALL_BUILD_TARGET=lambda
outputs=.build/outputs.json

.venv/bin/python -m infra.account

echo "deploy: building packages and templates (a minute the first time)"
mkdir -p .build
rm -f "$outputs"
read -r -a options <<<"${DEPLOY_OPTIONS:-}"
node_modules/.bin/cdk deploy --all --outputs-file "$outputs" "${options[@]}"

url=$(.venv/bin/python -c '
import json, sys
stacks = json.load(open(sys.argv[1])).values()
print(next(stack["ApiUrl"] for stack in stacks if "ApiUrl" in stack))' "$outputs")

cat <<TEXT

The API is $url
It answers to callers whom IAM allows execute-api:Invoke; sign requests with SigV4, or let the
gateway do so with your own credentials:

  .venv/bin/heimdall --api-url $url gateway
TEXT
