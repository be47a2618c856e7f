import { existsSync, readdirSync } from 'node:fs'

/**
 * What of the host's /etc programs need to run. A list of what is allowed, so that nothing secret
 * (shadow, ssl/private, ssh keys, a netrc) is ever there to be protected by its mode bits alone.
 */
const hostPaths = [
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  // Of Maven, not its settings: those may hold passwords.
  '/etc/maven/logging',
  '/etc/maven/m2.conf',
  '/etc/mime.types',
  '/etc/pki/ca-trust/extracted',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/timezone',
]

/** The files of /etc to bind read-only: those of the list this host has. */
export function hostEtcPaths(): string[] {
  return [...hostPaths, ...javaPaths()].filter((path) => existsSync(path))
}

/** What Debian's Javas keep in /etc and do not start without, but for passwords of their management. */
function javaPaths(): string[] {
  return readdirSync('/etc')
    .filter((name) => /^java-\d+-openjdk$/.test(name))
    .flatMap((name) => readdirSync(`/etc/${name}`).map((file) => `/etc/${name}/${file}`))
    .filter((path) => !path.endsWith('/management'))
}

/** Where the launcher is inside. Not below /run or /tmp, which the agent may write to. */
export const launcherFolder = '/opt/errand-launcher'

/**
 * Files written anew in each box. The host's /etc would name its users, hosts and name servers; and a
 * package.json tells Node, which looks for one beside the launcher, what kind of module that is.
 */
export const ownFiles: Readonly<Record<string, string>> = {
  '/etc/passwd': 'agent:x:1000:1000:agent:/home/agent:/bin/bash\n',
  '/etc/group': 'agent:x:1000:\n',
  // Only files: a look-up by DNS could go nowhere and would wait for its time-out.
  '/etc/nsswitch.conf': ['passwd', 'group', 'hosts', 'services', 'protocols']
    .map((name) => `${name}: files\n`)
    .join(''),
  '/etc/hosts': '127.0.0.1 localhost errand\n::1 localhost errand\n',
  [`${launcherFolder}/package.json`]: '{"type":"module"}\n',
}
