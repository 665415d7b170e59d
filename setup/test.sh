#!/bin/sh
# The test command: brings what the tests need, then formatting, lint, types and every test.
# Usage: sudo setup/test.sh [FILTER...]     arguments go to `deno test`
set -eu

self=$(readlink -f -- "$0")
root=${self%/setup/test.sh}
. "$root/setup/lib.sh"
cd "$root"

[ "$(id -u)" = 0 ] || fail "the tests need root (network namespaces, BPF, iptables): sudo setup/test.sh"
# Without a `command:package` of these a test could only fail.
wanted="clang:clang iptables-restore:iptables nft:nftables ip:iproute2 curl:curl git:git dig:bind9-dnsutils
  nc:netcat-openbsd openssl:openssl python3:python3 npm:npm nginx:nginx jq:jq gcc:gcc bpftool:bpftool sudo:sudo fuser:psmisc
  ping:iputils-ping dockerd:docker.io busybox:busybox-static
  conntrack:conntrack faketime:faketime systemd-nspawn:systemd-container debootstrap:debootstrap
  ssh:openssh-client sshd:openssh-server redis-server:redis-server redis-cli:redis-tools psql:postgresql-client"
missing=
for pair in $wanted; do command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"; done
[ -e /usr/include/bpf/bpf_helpers.h ] || missing="$missing libbpf-dev"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
/usr/bin/python3 -c 'import h2, httpx' 2>/dev/null || missing="$missing python3-h2 python3-httpx"
egress_cache_dir
[ -z "$missing" ] || apt_install $missing
ensure_deno
ensure_bundle
ensure_packages
ensure_object
setup/runner_tree.sh "$cache" >/dev/null
export DENO_DIR="$cache/deno_dir" DENO_NO_UPDATE_CHECK=1 DENO_TLS_CA_STORE=system NO_COLOR=1 EGRESS_OBJECT="$object"
PATH=${deno%/*}:$PATH

say "formatting, lint, types"
deno fmt --quiet --check
deno lint --quiet
deno check --quiet --frozen .

say "examples in the library's documentation"
deno test --quiet --frozen --doc mod.ts

say "tests"
log=$(mktemp)
status=0
# The status of the tests, not of tee, counts.
{ deno test --quiet --frozen --allow-all "$@" || echo $? >"$log.status"; } 2>&1 | tee "$log"
[ ! -e "$log.status" ] || status=$(cat "$log.status")
# A last line that any reader of the output understands.
counts=$(grep -Eo '[0-9]+ passed[^|]*\| [0-9]+ failed' "$log" | tail -n 1)
passed=$(printf '%s' "$counts" | grep -Eo '^[0-9]+' || echo 0)
failed=$(printf '%s' "$counts" | grep -Eo '[0-9]+ failed' | grep -Eo '^[0-9]+' || echo 1)
rm -f "$log" "$log.status"
printf '%s passed, %s failed\n' "$passed" "$failed"
exit "$status"
