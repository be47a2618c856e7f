import type { HostTools } from './host-tools.ts'
import type { Identity } from './identity.ts'

/**
 * Runs as root, in a mount namespace of its own, before stepping down. It binds each source to a place
 * that any uid can walk to: the sources may lie under folders closed to the box's uid, like
 * /root. (Handing open folders over does not help: `--bind-fd` walks the path again.) Nobody else sees
 * these mounts, and they end with the box.
 *
 * The places are made on a tmpfs over /sys: a folder every machine has, in which no source lies and
 * which a box does not get to see.
 *
 * Arguments: the sources, `--`, and the command to become.
 */
const script = `
set -eu
PATH=/usr/bin:/bin:/usr/sbin:/sbin
mount -t tmpfs -o mode=0755,size=1m errand ${stagedPath('')}
place=0
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir ${stagedPath('$place')}; else : > ${stagedPath('$place')}; fi
  mount --rbind "$1" ${stagedPath('$place')}
  place=$((place + 1))
  shift
done
shift
# The shell's own addition to the empty environment, which would show in the box's /proc/1/environ.
unset PWD
exec "$@"
`

/** Where the source of this index is found by the command. */
export function stagedPath(index: number | '' | '$place'): string {
  return `/sys/${index}`
}

/**
 * The command line that stages `sources`, steps down to `identity` without any group or a way back,
 * and becomes `command`.
 */
export function stagingCommand(
  tools: HostTools,
  identity: Identity,
  sources: readonly string[],
  command: readonly string[],
): string[] {
  return [
    [tools.unshare, '--mount', '--'],
    [tools.sh, '-c', script, 'errand-box', ...sources, '--'],
    [tools.setpriv, `--reuid=${identity.uid}`, `--regid=${identity.gid}`],
    ['--clear-groups', '--no-new-privs', '--'],
    command,
  ].flat()
}
