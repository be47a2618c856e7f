import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
} from 'node:fs'
import { connect } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

import type { InsideFindings } from './findings.ts'

/** Would lead to a secret or to the host itself, were they there. */
const secrets = [
  '/etc/shadow',
  '/etc/gshadow',
  '/etc/ssh',
  '/etc/ssl/private',
  '/root/.ssh',
  '/var/lib/dpkg/status',
  '/var/log/wtmp',
  '/sys/kernel',
  '/run/docker.sock',
  '/run/systemd',
  '/run/dbus',
  '/dev/mem',
  '/dev/kmsg',
  '/proc/kcore',
  '/proc/1/root/etc/shadow',
]

/** Where no file may be made. */
const readOnlyFolders = ['/', '/usr', '/usr/bin', '/etc', '/dev', '/home', '/var', '/mirror']

/** Switches of the kernel. */
const readOnlyFiles = ['/proc/sys/kernel/shmmax', '/proc/sys/vm/drop_caches', '/proc/sysrq-trigger']

/** Addresses set aside for documentation, and where clouds hand out credentials. */
const elsewhere = ['192.0.2.1', '169.254.169.254', '2001:db8::1']

/** Tries what a hostile agent would try first. Leaves nothing behind. */
export async function probe(readOnlyPaths: readonly string[]): Promise<InsideFindings> {
  return {
    // Linux has all of these.
    uid: process.getuid!(),
    gid: process.getgid!(),
    groups: process.getgroups!().filter((group) => group !== process.getgid!()),
    hostname: hostname(),
    foreign_processes: listForeignProcesses(),
    writable_paths: [
      ...[...readOnlyFolders, ...readOnlyPaths].filter(canMakeFile),
      ...readOnlyFiles.filter(canWrite),
    ],
    readable_secrets: secrets.filter(canOpen),
    interfaces: Object.keys(networkInterfaces()),
    reachable: await findReachable(),
    can_create_user_namespace: canCreateUserNamespace(),
    init_environment_bytes: countInitEnvironment(),
  }
}

function listForeignProcesses(): string[] {
  const known = new Set(['1', String(process.pid)])
  return readDirectory('/proc')
    .filter((name) => /^\d+$/.test(name) && !known.has(name))
    .map((pid) => readText(`/proc/${pid}/comm`).trim() || pid)
}

function canMakeFile(folder: string): boolean {
  const path = `${folder}/.errand-probe`
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY))
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

/** Asks only: trying would change the kernel's setting if it succeeded. */
function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    // A socket cannot be opened as a file: that it is there is enough to connect to it.
    return error instanceof Error && 'code' in error && error.code === 'ENXIO'
  }
}

async function findReachable(): Promise<string[]> {
  const attempts = elsewhere.flatMap((address) => [tryTcp(address), tryUdp(address)])
  const reached = (await Promise.all(attempts)).filter((name) => name !== undefined)
  // Abstract sockets have no file: only the network namespace keeps those of the host away.
  const abstract = readText('/proc/net/unix').match(/@\S+/g) ?? []
  return [...reached, ...abstract.map((name) => `unix ${name}`)]
}

/** Unreachable only if the kernel says at once that there is no way there; silence is a way. */
function tryTcp(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 80, timeout: 300 })
    const settle = (reached: boolean): void => {
      socket.destroy()
      resolve(reached ? `tcp ${address}:80` : undefined)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(true))
    socket.once('error', (error) => settle(!hasNoRoute(error)))
  })
}

function tryUdp(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    const settle = (reached: boolean): void => {
      socket.close()
      resolve(reached ? `udp ${address}:53` : undefined)
    }
    // Node hands the error of a refused connect to the callback, though its type does not say so.
    const onConnect = (error?: Error): void => settle(error === undefined || !hasNoRoute(error))
    socket.connect(53, address, onConnect)
  })
}

function hasNoRoute(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)
}

function canCreateUserNamespace(): boolean {
  return spawnSync('/usr/bin/unshare', ['--user', '/bin/true'], { stdio: 'ignore' }).status === 0
}

function countInitEnvironment(): number {
  return readText('/proc/1/environ').length
}

/** Empty when it cannot be read: then there is nothing to be found either. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
