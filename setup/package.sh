#!/bin/sh
# Makes a release: one archive that has everything with it, the same bytes for the same commit.
# Usage: setup/package.sh OUT.tar|OUT.tar.gz     prints its SHA-256
set -eu

self=$(readlink -f -- "$0")
root=${self%/setup/package.sh}
. "$root/setup/lib.sh"

out=${1-}
case "$out" in
  *.tar | *.tar.gz) ;;
  *) fail "usage: setup/package.sh OUT.tar|OUT.tar.gz" ;;
esac
! is_release || fail "this is a release already: package.sh needs the sources"

egress_cache_dir
ensure_deno
ensure_bundle
ensure_object

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/deno.json")
name=egress-$version-linux-x64
# The time of what is packed, not of the packing, nor of pinning the archive's hash in the repository.
time=$(git -C "$root" log -1 --format=%ct -- . ':!setup/deps.sha256' ':!CHANGELOG.md' 2>/dev/null || echo 0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree_of_release=$work/$name
mkdir -p "$tree_of_release/bin"
cp "$root/egress" "$root/LICENSE" "$root/README.md" "$tree_of_release/"
# What is needed as a file of its own: the launcher's parts, the demo's package, the attacks of `doctor`.
for file in setup/lib.sh src/demo/package/postinstall.cjs src/doctor/attack/driver.py; do
  mkdir -p "$tree_of_release/${file%/*}"
  cp "$root/$file" "$tree_of_release/$file"
done
cp "$deno" "$tree_of_release/bin/deno"
cp -R "$bundle" "$tree_of_release/bundle"
rm -f "$tree_of_release/bundle/stamp" "$tree_of_release/bundle/log"
cp "$object" "$tree_of_release/egress.bpf.o"
"$deno" run --quiet --no-prompt --no-config --allow-read="$root" "$root/setup/sbom.ts" >"$tree_of_release/sbom.cdx.json"
printf '%s\n' "$version" >"$tree_of_release/RELEASE"
chmod -R u=rwX,go=rX "$tree_of_release"

pack() {
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" --format=gnu --directory "$work" "$name"
}
case "$out" in
  *.gz) pack | gzip -n -9 >"$out" ;;
  *) pack >"$out" ;;
esac
sha256sum -- "$out"
