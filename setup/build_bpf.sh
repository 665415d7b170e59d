#!/bin/sh
# Builds build/egress.bpf.o from bpf/ and keeps it until a source changes.
# Usage: setup/build_bpf.sh [-q]     prints the object's path unless -q
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
object=$root/build/egress.bpf.o
stamp=$root/build/egress.bpf.sum

case $(uname -m) in
  x86_64) arch=x86 ;;
  aarch64) arch=arm64 ;;
  *) echo "build_bpf: unsupported machine $(uname -m)" >&2; exit 1 ;;
esac

sum=$(cat "$root"/bpf/*.c "$root"/bpf/*.h "$0" | sha256sum)
if [ ! -f "$object" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
  command -v clang >/dev/null || { echo "build_bpf: clang is missing: apt-get install clang libbpf-dev" >&2; exit 1; }
  mkdir -p "$root/build"
  # Written aside and renamed, so that builds at the same time do not see half a file.
  clang -target bpf -O2 -g -Wall -Werror -D__TARGET_ARCH_$arch \
    -I"/usr/include/$(uname -m)-linux-gnu" -c "$root/bpf/egress.bpf.c" -o "$object.$$"
  mv "$object.$$" "$object"
  printf '%s\n' "$sum" > "$stamp.$$"
  mv "$stamp.$$" "$stamp"
fi
[ "${1:-}" = -q ] || echo "$object"
