/**
 * The shell part of the wrapper: what stands in runc's place. Only what starts something costs the start of
 * a further process; everything else goes straight to runc.
 *
 * @module
 */

import { FILES, type Mode } from "./settings.ts";

/** What the script is made for. */
export interface WrapperFacts {
  /** Where runc itself is now. */
  real: string;
  /** The wrapper's folder. */
  folder: string;
  deno: string;
  mode: Mode;
  /** Of this boot: /proc/sys/kernel/random/boot_id. */
  boot: string;
}

const MARK = "# egress-runc-wrapper real=";

/** Where runc itself is, if this is a wrapper's text. */
export function realOfWrapper(text: string): string | undefined {
  const line = text.split("\n", 3).find((l) => l.startsWith(MARK));
  return line?.slice(MARK.length);
}

/** The script. @throws {RangeError} if a path holds a line end */
export function wrapperScript(facts: WrapperFacts): string {
  if (facts.real.includes("\n")) throw new RangeError("runc's path holds a line end");
  return `#!/bin/sh
${MARK}${facts.real}
# Stands before runc: \`egress containers status\` tells more, \`egress containers remove\` takes it away.
real=${quoted(facts.real)}
folder=${quoted(facts.folder)}
deno=${quoted(facts.deno)}
boot=${quoted(facts.boot)}
mode=${quoted(facts.mode)}
${BODY}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const BODY = `
case " $* " in
  *" create "* | *" run "* | *" restore "* | *" exec "*) ;;
  *) exec "$real" "$@" ;;
esac

# After a reboot nothing is left of the firewall, and of what this script needs.
read -r now </proc/sys/kernel/random/boot_id
[ "$now" = "$boot" ] || exec "$real" "$@"

# To whoever called: dockerd shows the log's last error, BuildKit the standard error.
say() {
  log= previous=
  for argument; do
    [ "$previous" != --log ] || log=$argument
    case $argument in --log=*) log=\${argument#--log=} ;; esac
    previous=$argument
  done
  [ -z "$log" ] || printf '{"level":"%s","msg":"%s","time":"%s"}\\n' "$level" "$message" \\
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$log"
  [ "$level" = warning ] || printf '%s\\n' "$message" >&2
}

ask() {
  DENO_DIR="$folder/deno_dir" DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 "$deno" run --no-prompt --no-config \\
    --no-remote --no-npm --no-lock --quiet --allow-read --allow-write "$folder/${FILES.program}" "$@"
}

apparmor=N
[ ! -r /sys/module/apparmor/parameters/enabled ] || read -r apparmor </sys/module/apparmor/parameters/enabled
netns=$(readlink /proc/self/ns/net)
answer=$(ask check "$folder" "$netns" "$apparmor" "$@" </proc/self/mountinfo)
case $answer in
  ok) exec "$real" "$@" ;;
  refused) exit 1 ;;
  verify*) ;;
  *)
    if [ "$mode" = off ]; then
      level=warning message='egress could not run: the container starts without its CA'
      say "$@"
      exec "$real" "$@"
    fi
    level=error message='egress could not check this container and refuses it (egress containers status tells more)'
    say "$@"
    exit 1
    ;;
esac

# A folder that others can exchange is looked at again, once it is mounted and before anything runs.
"$real" "$@" || exit
{
  read -r _
  IFS= read -r pid_file
  IFS= read -r root
  IFS= read -r id
} <<END
$answer
END
# The file has no line end, which read takes for a failure.
read -r pid <"$pid_file" || [ -n "$pid" ] || pid=none
answer=$({
  cat /proc/self/mountinfo
  echo ---
  cat "/proc/$pid/mountinfo"
} | ask verify "$folder" "$netns" "$apparmor" "$@")
[ "$answer" != ok ] || exit 0
"$real" --root "$root" delete --force "$id"
if [ "$answer" != refused ]; then
  level=error message='egress could not check this container again and refuses it'
  say "$@"
fi
exit 1
`;
