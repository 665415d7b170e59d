/**
 * The shell scripts that change the machine while egress guards it, and put it back. Each takes its data as
 * arguments. What a script is about to change is noted in the undo folder first, so that a killed egress can
 * be cleaned up by the next one.
 *
 * @module
 */

/**
 * Sets sysctls. $1 undo folder, then PATH VALUE pairs; what this kernel lacks is left out. `N+` stands for at least N.
 */
export const SYSCTLS_ON = `
undo=$1; shift
status=0
while [ $# -ge 2 ]; do
  value=\${2%+}
  if [ -e "$1" ] && { [ "$value" = "$2" ] || [ "$(cat "$1")" -lt "$value" ]; }; then
    echo "$1 $(cat "$1")" >> "$undo/sysctls"
    echo "$value" > "$1" || status=1
  fi
  shift 2
done
exit $status
`;

/** Puts sysctls back. $1 undo folder */
export const SYSCTLS_OFF = `
[ -e "$1/sysctls" ] || exit 0
status=0
while read -r path value; do echo "$value" > "$path" || status=1; done < "$1/sysctls"
exit $status
`;

/** Replaces the file $1, in one step where it is no mount, by standard input; mode and owner stay. */
export const REPLACE_FILE = `
set -e
umask 077
new=$1.egress-new
trap 'rm -f "$new"' EXIT
cat > "$new"
chown --reference="$1" "$new"
chmod --reference="$1" "$new"
mv -f "$new" "$1" 2>/dev/null || cat "$new" > "$1"
`;

/**
 * Makes a CA known to programs that read the folder of certificates (OpenSSL finds them by hash), and to
 * update-ca-certificates, should that run meanwhile.
 * $1 id of the guard, $2 file with the certificate
 */
export const CA_FOLDERS_ON = `
name=egress-$1 cert=$2
if [ -d /usr/local/share/ca-certificates ]; then
  install -m 644 "$cert" "/usr/local/share/ca-certificates/$name.crt" || exit 1
fi
dir=/etc/ssl/certs
[ -d "$dir" ] && command -v openssl >/dev/null 2>&1 || exit 0
hash=$(openssl x509 -in "$cert" -noout -subject_hash) || exit 1
install -m 644 "$cert" "$dir/$name-ca.pem" || exit 1
n=0
while [ -e "$dir/$hash.$n" ]; do n=$((n + 1)); done
ln -s "$name-ca.pem" "$dir/$hash.$n"
`;

/** Takes that back. $1 id of the guard */
export const CA_FOLDERS_OFF = `
name=egress-$1
rm -f "/usr/local/share/ca-certificates/$name.crt" "/etc/ssl/certs/$name-ca.pem" || exit 1
[ ! -d /etc/ssl/certs ] || find /etc/ssl/certs -maxdepth 1 -lname "*$name*" -delete
`;

/**
 * Takes a user's sudo away: replaces the sudoers file $1, checked before and after. The original is kept,
 * with mode and owner, in the undo folder $2. Prints \`absent\` if there is no such file.
 * sudo reads no file with a dot in its name.
 */
export const SUDO_OFF = `
umask 077
file=$1 undo=$2
if [ ! -f "$file" ] || [ -L "$file" ]; then echo absent; exit 0; fi
new=$file.egress-new
trap 'rm -f "$new"' EXIT
if [ ! -e "$undo/sudoers" ]; then
  cp -p -- "$file" "$undo/sudoers.new" && mv "$undo/sudoers.new" "$undo/sudoers" || exit 1
  printf %s "$file" > "$undo/sudoers.path"
fi
# Files of others may not please visudo as they are: only what becomes worse is this script's doing.
visudo -cq >/dev/null 2>&1; before=$?
printf '# egress took this away for the time that it guards this machine.\\n' > "$new" && chmod 440 "$new" || exit 1
visudo -cqf "$new" && mv -f "$new" "$file" || exit 1
visudo -cq >/dev/null 2>&1 || [ $before != 0 ] || broken=yes
[ -n "\${broken-}" ] || exit 0
cp -p -- "$undo/sudoers" "$new" && mv -f "$new" "$file"
echo "the sudoers files were not valid without $file: it was put back" >&2
exit 1
`;

/** Puts the sudoers file back, byte for byte, with mode and owner. $1 undo folder */
export const SUDO_ON = `
umask 077
[ -e "$1/sudoers" ] && [ -e "$1/sudoers.path" ] || exit 0
file=$(cat "$1/sudoers.path")
new=$file.egress-new
cp -p -- "$1/sudoers" "$new" && mv -f "$new" "$file" && exit 0
rm -f "$new"
exit 1
`;

/**
 * Has sudo write a log. $1 folder of sudoers files, $2 undo folder, $3 log file.
 * The name is late in the order, so that its settings count.
 */
export const SUDO_LOG_ON = `
umask 077
[ -d "$1" ] && command -v visudo >/dev/null 2>&1 || { echo absent; exit 0; }
file=$1/zz_egress new=$1/zz_egress.egress-new
trap 'rm -f "$new"' EXIT
: > "$3" || exit 1
printf 'Defaults logfile=%s, loglinelen=0\\n' "$3" > "$new" && chmod 440 "$new" || exit 1
printf %s "$file" > "$2/sudo-log.path"
visudo -cqf "$new" && mv -f "$new" "$file"
`;

/** $1 undo folder */
export const SUDO_LOG_OFF = `
[ ! -e "$1/sudo-log.path" ] || rm -f -- "$(cat "$1/sudo-log.path")"
`;

/** Removes a socket file. $2 its path */
export const SOCKET_OFF = `rm -f -- "$2"`;

/**
 * Prints the state of everything that a guard changes, one thing a line. $1 CA bundle or empty, $2 sudoers file,
 * then paths of sysctls.
 */
export const FINGERPRINT = `
bundle=$1 sudoers=$2; shift 2
for path in "$@"; do [ ! -e "$path" ] || echo "sysctl $path $(cat "$path")"; done
for file in $bundle "$sudoers" "\${sudoers%/*}/zz_egress"; do
  if [ -e "$file" ]; then
    echo "file $file $(stat -c '%a %u:%g' "$file") $(sha256sum < "$file" | cut -d' ' -f1)"
  else
    echo "file $file absent"
  fi
done
for dir in /etc/ssl/certs /usr/local/share/ca-certificates; do
  [ ! -d "$dir" ] || echo "folder $dir $(ls -A "$dir" | sha256sum | cut -d' ' -f1)"
done
for table in mangle nat filter; do
  echo "chains $table $(iptables-save -t $table 2>/dev/null | grep -c '^:EGRESS-')"
done
exit 0
`;
