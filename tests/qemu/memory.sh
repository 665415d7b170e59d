#!/bin/sh
# The guard of the worker's memory on a kernel of Debian, booted in qemu: there, unlike where lockdown is on, programs
# that refuse can be loaded. Not part of the test suite: it takes some minutes, fetches a kernel and needs no KVM.
# Usage: sudo tests/qemu/memory.sh [VERSION]     VERSION: a part of a kernel package's name, such as 6.1 (the default)
# Prints for each way of loading (LSM, fmod_ret) what came of each read, and fails unless all were refused.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
version=${1:-6.1}
for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio jq:jq clang:clang; do
  command -v "${pair%%:*}" >/dev/null || apt-get install -y -qq --no-install-recommends "${pair#*:}" >&2
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
object=$("$root/setup/build_bpf.sh")

package=$(apt-cache search --names-only "^linux-image-$version[.-][^ ]*-cloud-amd64\$" | awk '{print $1}' | sort -V | tail -n 1)
[ -n "$package" ] || { echo "no kernel package for $version" >&2; exit 1; }
(cd "$work" && apt-get download -qq "$package" >&2 && dpkg -x ./*.deb kernel)

# A file and the libraries that it loads.
guest=$work/guest
bring() {
  for file; do
    file=$(readlink -f "$(command -v "$file" || echo "$file")")
    mkdir -p "$guest${file%/*}"
    cp "$file" "$guest$file"
    for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
      mkdir -p "$guest${library%/*}"
      cp -L "$library" "$guest$library"
    done
  done
}
mkdir -p "$guest/proc" "$guest/sys" "$guest/tmp" "$guest/bin" "$guest/run" "$guest/etc"
cp "$(command -v busybox)" "$guest/bin/busybox"
python=$(readlink -f /usr/bin/python3)
bring deno "$python" /usr/lib/x86_64-linux-gnu/libbpf.so.1
mkdir -p "$guest/lib/x86_64-linux-gnu"
cp -L /usr/lib/x86_64-linux-gnu/libbpf.so.1 /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libffi.so.8 \
  "$guest/lib/x86_64-linux-gnu/"
modules=$("$python" -c 'import sys; print(sys.path[2])')
mkdir -p "$guest$modules"
tar -C "$modules" --exclude=__pycache__ --exclude=test --exclude=dist-packages --exclude='config-*' -cf - . |
  tar -C "$guest$modules" -xf -
DENO_NO_UPDATE_CHECK=1 deno bundle --quiet --platform deno -o "$guest/guest.js" "$root/tests/qemu/guest.ts"
cp "$object" "$guest/egress.bpf.o"
cp "$root/tests/support/memory_reader.py" "$guest/reader.py"
deno=$(readlink -f "$(command -v deno)")
cat >"$guest/init" <<INIT
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t securityfs none /sys/kernel/security
/bin/busybox mount -t tmpfs tmpfs /run
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null || { /bin/busybox mkdir -p /dev; /bin/busybox mount -t devtmpfs dev /dev; }
/bin/busybox mkdir /run/cgroup /run/bpf
/bin/busybox mount -t cgroup2 none /run/cgroup
/bin/busybox mount -t bpf bpf /run/bpf
export HOME=/tmp DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1
/bin/busybox uname -r
/bin/busybox cat /sys/kernel/security/lsm; echo
$deno run --quiet --no-prompt -A /guest.js /egress.bpf.o /run/cgroup /run/bpf $python /reader.py
/bin/busybox reboot -f
INIT
chmod +x "$guest/init"
(cd "$guest" && find . | cpio --quiet -o -H newc) | gzip -1 >"$work/initrd"

failed=0
for modules in lockdown,yama,bpf lockdown,yama; do
  timeout 580 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 -nographic -no-reboot \
    -kernel "$work"/kernel/boot/vmlinuz-* -initrd "$work/initrd" \
    -append "console=ttyS0 quiet panic=-1 lsm=$modules" </dev/null >"$work/console" 2>&1 || true
  result=$(grep -ao 'RESULT .*' "$work/console" | cut -c 8- | tr -d '\r')
  echo "== lsm=$modules, $(ls "$work"/kernel/boot | grep vmlinuz)"
  if [ -z "$result" ]; then tail -n 40 "$work/console"; failed=1; continue; fi
  echo "$result" | jq .
  # All refused and told while it guards, told in audit mode, neither afterwards.
  echo "$result" | jq -e '(.enforced.codes | all(. == 1 or . == 13)) and (.enforced.attempts | length > 0 and all(.refused)) and
    (.audited.codes | all(. == 0)) and (.audited.attempts | length > 0 and all(.refused | not)) and
    (.detached.codes | all(. == 0))' >/dev/null || failed=1
done
[ "$failed" = 0 ] && echo "all refused" || { echo "NOT all refused"; exit 1; }
