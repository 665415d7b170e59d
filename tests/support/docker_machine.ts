/**
 * Docker on a test's machine: a real dockerd as the machine's docker.service, with bridges in the machine's network.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BUSYBOX, runcWithout } from "./docker_world.ts";
import type { Ended, Machine } from "./machine.ts";

/**
 * As on a runner: cgroup v2 alone, dockerd in its service's cgroup. Nothing of it is on a disk. Runs until it is
 * killed with the machine. $1 shell text that puts a runc in place
 */
const DOCKERD = `
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
eval "$1"
mkdir -p /sys/fs/cgroup/system.slice/docker.service
echo 0 >/sys/fs/cgroup/system.slice/docker.service/cgroup.procs
exec dockerd --data-root /run/docker-data --storage-driver overlay2 2>/run/dockerd.log`;

const AWAIT = `
tries=0
until /usr/bin/docker version >/dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 600 ] || { cat /run/dockerd.log >&2; exit 1; }
  sleep 0.05
done`;

/** Programs with their libraries in the image: what the tests' containers use besides busybox. */
const IMAGE = `
set -e
mkdir -p /run/image; cd /run/image
${BUSYBOX}
for applet in nc wget nslookup; do ln -sf busybox "bin/$applet"; done
mkdir -p etc/ssl/certs usr/bin usr/lib
cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
python=$(readlink -f /usr/bin/python3)
for program in /usr/bin/curl "$python"; do
  cp "$program" usr/bin/
  ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p ".\${library%/*}"; cp -L "$library" ".$library"
  done
done
ln -s "\${python##*/}" usr/bin/python3
tar -C /usr/lib -c --exclude=__pycache__ --exclude=test --exclude='config-*' --exclude=idlelib --exclude=lib2to3 \\
  --exclude=dist-packages --exclude=ensurepip "\${python##*/}" | tar -C usr/lib -x
tar -c . | /usr/bin/docker import --change 'ENV PATH=/bin:/usr/bin' - shop/app:1 >/dev/null
/usr/bin/docker tag shop/app:1 shop/other:1
cd /; rm -r /run/image`;

/** Docker's bridges and rules are in the internet's network, which outlives the machine. */
const REMOVE = `
ids=$(/usr/bin/docker ps --quiet)
[ -z "$ids" ] || /usr/bin/docker kill $ids >/dev/null
for link in $(ip -o link show type bridge | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/'); do ip link delete "$link"; done
for table in filter nat; do
  iptables-save -t $table | sed -n 's/^-A \\([A-Z]* .*DOCKER.*\\)/-D \\1/p; s/^-A \\(FORWARD .*\\)/-D \\1/p; s/^-A \\(POSTROUTING .*\\)/-D \\1/p' |
    while read -r rule; do eval "iptables -t $table $rule"; done
  iptables-save -t $table | sed -n 's/^:\\(DOCKER[^ ]*\\).*/\\1/p' | while read -r chain; do iptables -t $table -F $chain; done
  iptables-save -t $table | sed -n 's/^:\\(DOCKER[^ ]*\\).*/\\1/p' | while read -r chain; do iptables -t $table -X $chain; done
done
iptables -P FORWARD ACCEPT`;

/** A dockerd with the images \`shop/app:1\` and \`shop/other:1\`. */
export class MachineDocker implements AsyncDisposable {
  private constructor(readonly machine: Machine) {}

  /** Starts it. Before the guard, as on a runner. */
  static async start(machine: Machine): Promise<MachineDocker> {
    machine.spawn(["sh", "-ec", DOCKERD, "sh", runcWithout()]).stdout.cancel();
    const docker = new MachineDocker(machine);
    for (const script of [AWAIT, IMAGE]) {
      const { code, stderr } = await machine.sh(script);
      assert.equal(code, 0, stderr);
    }
    return docker;
  }

  /** \`docker ...\`. */
  run(...args: string[]): Promise<Ended> {
    return this.machine.run("/usr/bin/docker", ...args);
  }

  /** As {@link run}; it must succeed. @returns what it printed */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    assert.equal(code, 0, stderr + stdout);
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { code, stderr } = await this.machine.sh(REMOVE);
    assert.equal(code, 0, stderr);
  }
}
