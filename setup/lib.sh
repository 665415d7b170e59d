# Parts of the launcher. Sourced by ../egress and by .ci/run; each function says in a line what it brings.

deno_version=2.9.6
deno_package="@deno/linux-x64-glibc@$deno_version"
# SHA-512 of the package's tarball, as the npm registry states it in dist.integrity.
deno_sha512=de67784ca2c2bb3b0b0e67cea02e4a37b34065ac525643209bae2f83a7e80f4d090400c2a584b6ff942a5dfce09cfe59433de22cff6f05026d120735d7a380a1

say() { printf 'egress: %s\n' "$*" >&2; }
fail() { say "$*"; exit 125; }

# A release (setup/package.sh) has everything with it: nothing is fetched or built.
is_release() { [ -e "$root/RELEASE" ]; }

# Root keeps its own cache, which nobody else can write: what root runs must not be in a user's hands.
egress_cache_dir() {
  if [ -n "${EGRESS_CACHE-}" ]; then cache=$EGRESS_CACHE
  elif [ "$(id -u)" = 0 ]; then cache=/var/cache/egress
  else cache=${XDG_CACHE_HOME:-$HOME/.cache}/egress; fi
  mkdir -p "$cache" 2>/dev/null || fail "cannot make $cache: set EGRESS_CACHE to a folder that can be written"
  if is_release; then
    deno=$root/bin/deno bundle=$root/bundle object=$root/egress.bpf.o
    return
  fi
  deno=$cache/deno/$deno_version/deno
  # One folder a checkout: two checkouts do not rebuild each other's files.
  tree=$cache/tree$(printf '%s' "$root" | tr -c 'A-Za-z0-9.' '_')
  bundle=$tree/bundle
  object=$tree/egress.bpf.o
  mkdir -p "$tree"
}

# One process at a time prepares the cache.
with_lock() {
  [ -w "$cache" ] || fail "$cache cannot be written: set EGRESS_CACHE to a folder of your own"
  exec 9>"$cache/lock"
  flock 9
  "$@"
  exec 9>&-
}

ensure_deno() { [ -x "$deno" ] || with_lock fetch_deno; }

fetch_deno() {
  [ -x "$deno" ] && return
  [ "$(uname -m)" = x86_64 ] || fail "egress needs an x86-64 machine; this one is $(uname -m)"
  if ! command -v npm >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || fail "npm is missing: apt-get install npm, or start egress once with sudo"
    apt_install npm
  fi
  say "fetching Deno $deno_version from npm (once)"
  work=$(mktemp -d "$cache/deno.XXXXXX")
  (cd "$work" && npm pack --silent "$deno_package" >/dev/null) || { rm -rf "$work"; fail "npm could not fetch $deno_package"; }
  if ! printf '%s  %s\n' "$deno_sha512" "$(echo "$work"/*.tgz)" | sha512sum --check --status; then
    rm -rf "$work"
    fail "the checksum of $deno_package is not the pinned one: not used"
  fi
  tar -xzf "$work"/*.tgz -C "$work" package/deno
  mkdir -p "${deno%/*}"
  mv "$work/package/deno" "$deno"
  rm -rf "$work"
}

# Bundled files start faster than the source tree, and a change of the tree cannot reach a run under way.
ensure_bundle() { bundle_is_fresh || with_lock make_bundle; }

bundle_is_fresh() {
  ! is_release || return 0
  # Another start may swap the folder right now: then it is not there, and the lock is waited for.
  [ -e "$bundle/stamp" ] && changed=$(find "$root/src" "$root/cli.ts" "$root/deno.json" "$root/deno.lock" \
    -newer "$bundle/stamp" -print -quit 2>/dev/null) && [ -z "$changed" ]
}

make_bundle() {
  # Whoever held the lock before may have made it.
  ! bundle_is_fresh || return 0
  say "bundling the sources (once for each change)"
  new=$(mktemp -d "$tree/bundle.XXXXXX")
  touch "$new/stamp"
  if ! bundle_all >"$new/log" 2>&1; then
    cat "$new/log" >&2
    rm -rf "$new"
    fail "the sources could not be bundled"
  fi
  rm -rf "$bundle"
  mv "$new" "$bundle"
}

# Each step joined by &&: `set -e` does not hold inside a condition.
bundle_all() {
  (
    # Whoever trusts a CA of their own has it in the system's store.
    export DENO_DIR="$cache/deno_dir" DENO_NO_UPDATE_CHECK=1 DENO_TLS_CA_STORE=system
    cd "$root" && bundle_one --code-splitting --outdir "$new" cli.ts &&
      bundle_one -o "$new/kernel.js" src/kernel/main.ts &&
      bundle_one -o "$new/engine.js" src/engine/main.ts &&
      bundle_one -o "$new/proxy.js" src/proxy/main.ts &&
      bundle_one -o "$new/runc.js" src/containers/main.ts &&
      bundle_one -o "$new/authz.js" src/containers/api/main.ts &&
      bundle_one -o "$new/world.js" src/demo/world/main.ts
  )
}

bundle_one() { "$deno" bundle --quiet --frozen-lockfile --platform deno "$@"; }

# Arguments: further PACKAGE:COMMAND pairs.
ensure_packages() {
  missing=
  for pair in iptables:iptables-restore iproute2:ip util-linux:setpriv util-linux:flock perl-base:perl "$@"; do
    command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}"
  done
  ldconfig -p | grep -q 'libbpf\.so\.1 ' || missing="$missing libbpf1"
  [ -e "$object" ] || command -v clang >/dev/null 2>&1 || missing="$missing clang libbpf-dev"
  [ -z "$missing" ] || apt_install $missing
}

apt_install() {
  command -v apt-get >/dev/null 2>&1 || fail "missing: $*; install them (there is no apt-get here)"
  say "installing $* (once)"
  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@") \
    >"$cache/apt.log" 2>&1 || { tail -n 5 "$cache/apt.log" >&2; fail "apt-get could not install $*"; }
}

ensure_object() {
  ! is_release || return 0
  if [ -e "$object" ] && [ -z "$(find "$root/bpf" -newer "$object" -print -quit)" ]; then return; fi
  with_lock make_object
}

make_object() {
  command -v clang >/dev/null 2>&1 && [ -e /usr/include/bpf/bpf_helpers.h ] || apt_install clang libbpf-dev
  say "building the BPF object (once for each change)"
  built=$("$root/setup/build_bpf.sh") || fail "the BPF object could not be built"
  cp "$built" "$object.new"
  mv "$object.new" "$object"
}

# The value of --log, as an absolute path, so that the supervisor may write that one file.
log_option() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --) return ;;
      --log) [ $# -ge 2 ] && realpath -m -- "$2"; return ;;
      --log=*) realpath -m -- "${1#--log=}"; return ;;
    esac
    shift
  done
}

# Runs what follows `--`: here if the arguments before say --foreground (or only ask for help), else in a session
# of its own, in a systemd scope where there is systemd, and returns when it is ready or has ended.
guard() {
  here=
  while [ "$1" != -- ]; do
    case "$1" in --foreground | --help | -h) here=yes ;; esac
    shift
  done
  shift
  [ -z "$here" ] || exec "$@"
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
    set -- systemd-run --quiet --scope --collect "--unit=egress-$EGRESS_RUN_ID" "$@"
  fi
  said=$(mktemp "${TMPDIR:-/tmp}/egress.XXXXXX")
  exec 3<&0
  setsid "$@" <&3 >"$said" 2>&1 3<&- &
  child=$!
  while [ ! -e "$state/ready" ]; do
    if ! grep -q '^State:[[:blank:]]*[^Z]' "/proc/$child/status" 2>/dev/null; then
      status=0
      wait "$child" || status=$?
      cat "$said" >&2
      rm -f "$said"
      exit "$status"
    fi
    sleep 0.05
  done
  cat "$said" >&2
  rm -f "$said"
  cat "$state/ready"
}
