#!/usr/bin/env bash
# Brings what tests, proofs and benchmarks run against and this machine lacks: programs, no services. It starts none, leaves those that
# there are as they are, and says nothing when there is nothing to do. Root is needed where packages are missing. Debian.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
export PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin"
# Newer than Debian's, or not in Debian. packages/rig/src/servers/programs.ts looks for these versions.
nats=2.15.2
kafka=4.4.0
# For the whole machine where we may, else for this user.
if ((EUID == 0)); then cache=/var/cache/hubbub; else cache="${XDG_CACHE_HOME:-$HOME/.cache}/hubbub"; fi

scratch=
policy=
tidy() {
  if [[ -n "$policy" ]]; then rm -f "$policy"; fi
  if [[ -n "$scratch" ]]; then rm -rf "$scratch"; fi
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

# Runs quietly; says everything only when it fails.
quietly() {
  local log
  log="$(mktemp)"
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    printf 'failed: %s\n' "$*" >&2
    return 1
  fi
  rm -f "$log"
}

has() { command -v "$1" >/dev/null; }

packages=(
  redis-server rabbitmq-server nats-server postgresql haproxy nginx
  # The browser for the page, the tracer that shows the order of sync and acknowledgement, and the clock that is wrong.
  chromium strace faketime
)
# Any Node starts npm; npm then brings the exact Node of this project.
has npm || packages+=(nodejs npm)
has java || packages+=(default-jre-headless)
[[ -d "$cache/kafka-$kafka" ]] || has mvn || packages+=(maven)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done

# With those that we bring, Debian would start their services, now and at every boot: here each test starts its own.
install_missing() {
  printf 'installing %s\n' "${missing[*]}"
  local units=() package
  for package in "${missing[@]}"; do
    case "$package" in
      redis-server | nats-server | postgresql | haproxy | nginx) units+=("$package") ;;
      # Erlang brings one too.
      rabbitmq-server) if has epmd; then units+=("$package"); else units+=("$package" epmd); fi ;;
    esac
  done
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  local apt=(apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
  quietly "${apt[@]}" update
  quietly "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
  has systemctl || return 0
  local unit
  for unit in "${units[@]}"; do
    systemctl disable "$unit" >/dev/null 2>&1 || printf 'the service %s may start at the next boot\n' "$unit"
  done
}

if ((${#missing[@]} > 0)); then
  if ((EUID != 0)) || ! has apt-get; then
    printf 'missing here: %s\nOn Debian, as root, this script installs them.\n' "${missing[*]}" >&2
    exit 1
  fi
  install_missing
fi

# Makes what `$1` names, relative to the cache, by a function that is given an empty folder. Whoever looks sees all of it or none.
once() {
  local target="$cache/$1" make="$2"
  if [[ -d "$target" ]]; then return; fi
  printf 'making %s\n' "$1"
  mkdir -p "$cache"
  scratch="$(mktemp -d "$cache/making-XXXXXX")"
  mkdir -m 755 "$scratch/made"
  if ! "$make" "$scratch/made"; then
    rm -rf "$scratch"
    return 1
  fi
  # Another run may have been faster.
  mv -T "$scratch/made" "$target" 2>/dev/null || [[ -d "$target" ]]
  rm -rf "$scratch"
  scratch=
}

make_nats() {
  quietly env GOPATH="$scratch/go" GOCACHE="$scratch/cache" GOBIN="$1" GOFLAGS=-modcacherw \
    go install "github.com/nats-io/nats-server/v2@v$nats"
}

make_kafka() {
  cat >"$scratch/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hubbub</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
  quietly mvn -B -q -f "$scratch/pom.xml" -Dmaven.repo.local="$scratch/repository" \
    dependency:copy-dependencies -DoutputDirectory="$1" -DincludeScope=runtime
}

# (Debian's own Go is too old for it; its older NATS server serves as well.)
if has go; then once "nats-$nats" make_nats || printf 'Debian’s NATS server has to do\n' >&2; fi
once "kafka-$kafka" make_kafka
