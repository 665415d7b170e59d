/**
 * The shell scripts of the supervisor. Each takes its data as arguments, never by interpolation.
 *
 * @module
 */

/** Prints what must be known of the machine, `KEY VALUE` a line; see machine.ts. */
export const PROBE = `
echo "uid $(id -u)"
echo "cgroup $(sed -n 's/^0:://p' /proc/self/cgroup)"
grep -E ' - (cgroup2|bpf) ' /proc/self/mountinfo | sed 's/^/mount /'
echo "netns $(stat -Lc %i /proc/self/ns/net)"
for tool in iptables-restore setpriv unshare nsenter flock setsid mkfifo mount umount perl; do
  command -v $tool >/dev/null 2>&1 || echo "missing $tool"
done
[ -r /sys/kernel/btf/vmlinux ] || echo "missing-btf"
ip -o link show lo 2>/dev/null | grep -q '[<,]UP[,>]' && echo "lo-up"
[ -e "$1" ] && echo "bundle $(readlink -f "$1")"
exit 0
`;

/**
 * Makes the folders, mounts and cgroups of a run. What is private to it is a mount of its own, so that the
 * mount namespace of COMMAND can do without; the record stays below it too, for a later egress that does not
 * see this mount.
 * $1 state folder, $2 folder of the run's cgroup relative to the cgroup2 root, $3 cgroup2 mount or empty
 */
export const SETUP = `
set -e
umask 077
state=$1 rel=$2 root=$3
mkdir "$state/new"
mount -t tmpfs -o mode=700 tmpfs "$state/new"
cp "$state/private/run.json" "$state/new/run.json"
mount --bind "$state/new" "$state/private"
umount "$state/new"
rmdir "$state/new"
mkdir "$state/private/bpf"
mount -t bpf bpf "$state/private/bpf"
mkdir "$state/private/bpf/pins"
if [ -z "$root" ]; then
  root=$state/private/cgroup
  mkdir "$root"
  mount -t cgroup2 none "$root"
fi
mkdir "$root$rel" "$root$rel/scope" "$root$rel/roles"
echo "$root"
`;

/** Makes the FIFOs of an engine. $1 requests, $2 responses */
export const FIFOS = `set -e; umask 077; mkfifo "$1" "$2"`;

/** Starts a role in its cgroup and session. $1 cgroup folder, then the command. */
export const ROLE = `
cg=$1; shift
echo $$ > "$cg/cgroup.procs" || exit 1
exec setsid "$@"
`;

/** As {@link ROLE}, with fd 0 and 1 on FIFOs. $1 cgroup folder, $2 requests, $3 responses, then the command. */
export const ROLE_ON_FIFOS = `
cg=$1 in=$2 out=$3; shift 3
echo $$ > "$cg/cgroup.procs" || exit 1
exec setsid "$@" <"$in" >"$out"
`;

/**
 * Becomes COMMAND inside the scope: cgroup first, then a mount namespace without the run's private folder and
 * with the CA bundle, then a seccomp filter that nothing can take off again, then the user, without the capabilities
 * that reach into other processes and the kernel. Keeps its pid all the way, so that a signal to it reaches
 * COMMAND.
 * $1 scope cgroup folder, $2 merged bundle, $3 system bundle or empty, $4 user id or empty, $5 group id,
 * $6 the run's private folder, $7 number of prctl, $8 seccomp filter in hex, $9 LOCK_IN, then COMMAND.
 */
export const ENTER = `
cg=$1; shift
echo $$ > "$cg/cgroup.procs" || exit 125
exec unshare --mount --propagation slave /bin/sh -c '
  merged=$1 bundle=$2 uid=$3 gid=$4 private=$5 prctl=$6 filter=$7 lock=$8; shift 8
  umount -l "$private" || exit 125
  if [ -n "$bundle" ]; then mount --bind "$merged" "$bundle" || exit 125; fi
  if [ -n "$uid" ]; then set -- --reuid "$uid" --regid "$gid" --init-groups -- "$@"
  else set -- -- "$@"; fi
  set -- setpriv --bounding-set -sys_ptrace,-sys_module,-sys_rawio,-sys_boot "$@"
  # Set for COMMAND, not for this perl.
  [ -z "\${PERL5OPT-}" ] || set -- env PERL5OPT="$PERL5OPT" "$@"
  [ -z "\${PERL5LIB-}" ] || set -- env PERL5LIB="$PERL5LIB" "$@"
  unset PERL5OPT PERL5LIB
  exec perl -e "$lock" "$prctl" "$filter" "$@"
' egress "$@"
`;

/**
 * Perl, which every Debian has: closes sockets of the network that the caller left open (they were made outside
 * the scope, and no hook of its cgroup sees them), puts the filter on itself and executes the rest of its arguments.
 * $1 number of prctl, $2 the filter; the call is prctl(PR_SET_SECCOMP = 22, SECCOMP_MODE_FILTER = 2, fprog).
 */
export const LOCK_IN = `
my ($prctl, $filter) = (shift, pack("H*", shift));
opendir(my $folder, "/proc/self/fd") or exit 125;
my @fds = grep { /^[0-9]+$/ && $_ > 2 } readdir $folder;
closedir $folder;
# Or perl would close what it has opened at exec.
$^F = 1_000_000;
my @kept;
for my $fd (@fds) {
  open(my $handle, "<&=", $fd) or next;
  my $name = -S $handle ? getsockname($handle) : undef;
  if (defined $name && unpack("S", $name) != 1) { close $handle } else { push @kept, $handle }
}
my $program = pack("S x6 P", length($filter) / 8, $filter);
if (syscall(0 + $prctl, 22, 2, $program) != 0) {
  print STDERR "egress: cannot set the seccomp filter: $!\n";
  exit 125;
}
exec { $ARGV[0] } @ARGV;
print STDERR "egress: $ARGV[0]: $!\n";
exit 125;
`;

/** Kills everything in the run's cgroup $1/$2 (scope or roles) and waits until it is gone. */
export const KILL_CGROUP = `
cg=$1
[ -d "$cg" ] || exit 0
tries=0
while grep -q '^populated 1' "$cg/cgroup.events"; do
  echo 1 > "$cg/cgroup.kill" 2>/dev/null || kill -9 $(cat "$cg/cgroup.procs") 2>/dev/null
  tries=$((tries + 1))
  [ $tries -gt 200 ] && { echo "processes in $cg do not end: $(tr '\\n' ' ' < "$cg/cgroup.procs")" >&2; exit 1; }
  sleep 0.02
done
exit 0
`;

/**
 * Docker puts what it accepts in front of FORWARD with each network that is made, and keeps DOCKER-USER in front of that.
 * $1 the chain to go to from there
 */
export const JOIN_DOCKER_USER = `
iptables -w 5 -nL DOCKER-USER >/dev/null 2>&1 || exit 0
exec iptables -w 5 -I DOCKER-USER 1 -j "$1"
`;

/**
 * Takes out whatever rules of a run are there, in one transaction a table.
 * $1 id of the run
 */
export const RULES_OUT = `
status=0
for table in mangle nat filter; do
  saved=$(iptables-save -t $table 2>/dev/null | grep -- "EGRESS-$1") || continue
  {
    echo "*$table"
    echo "$saved" | sed -n 's/^-A \\(OUTPUT\\|FORWARD\\|PREROUTING\\|DOCKER-USER\\) /-D \\1 /p'
    echo "$saved" | sed -n 's/^:\\([^ ]*\\) .*/-F \\1/p'
    echo "$saved" | sed -n 's/^:\\([^ ]*\\) .*/-X \\1/p'
    echo COMMIT
  } | iptables-restore -w 5 --noflush || status=1
done
exit $status
`;

/** Removes cgroups, mounts and files of a run, in this order. $1 state folder, $2 cgroup folder */
export const REMOVE = `
status=0
state=$1 cg=$2
if [ -n "$cg" ] && [ -d "$cg" ]; then
  find "$cg" -depth -type d -exec rmdir {} + || status=1
fi
for m in "$state/private/bpf" "$state/private/cgroup" "$state/private" "$state/new"; do
  if grep -qF " $m " /proc/self/mountinfo; then umount "$m" || umount -l "$m" || status=1; fi
done
rm -rf --one-file-system "$state" || status=1

exit $status
`;

/**
 * Lists runs, not guards of the whole machine, whose supervisor is gone: \`ID\` a line. A living supervisor holds a lock on its folder's \`lock\`.
 */
export const STALE = `
for state in /run/egress/*/; do
  [ ! -e "$state/machine" ] || continue
  if [ -e "$state/lock" ]; then
    flock -n "$state/lock" true && basename "$state"
  else
    # Killed between making the folder and locking it, unless it is only just being made.
    find "$state" -maxdepth 0 -mmin +1 -exec basename {} \\;
  fi
done
exit 0
`;

/**
 * Finds a way into the network namespace with inode $1: a path for nsenter, or nothing when it is gone.
 * $2 is a cgroup folder whose processes may still be in it.
 */
export const FIND_NETNS = `
[ "$(stat -Lc %i /proc/self/ns/net)" = "$1" ] && { echo /proc/self/ns/net; exit 0; }
for ns in /run/netns/* /run/docker/netns/*; do
  [ -e "$ns" ] && [ "$(stat -Lc %i "$ns")" = "$1" ] && { echo "$ns"; exit 0; }
done
for ns in /proc/[0-9]*/ns/net; do
  [ "$(stat -Lc %i "$ns" 2>/dev/null)" = "$1" ] && { echo "$ns"; exit 0; }
done
exit 0
`;
