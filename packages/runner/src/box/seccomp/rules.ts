import { constants } from 'node:os'

import type { Syscall } from './syscalls.ts'

/** A test of one argument. All tests of a rule must hold for it to refuse. */
export type ArgumentTest = { argument: number } & (
  | { oneOf: readonly number[] }
  | { noneOf: readonly number[] }
  | { anyBit: number }
  | { above: number }
)

/** Calls that fail with `errno`; always, or when the arguments are as `when` says. */
export interface Rule {
  calls: readonly Syscall[]
  errno: number
  when?: readonly ArgumentTest[]
}

const { EPERM, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT, EINVAL } = constants.errno

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET of linux/sched.h. */
const namespaceFlags = 0x7e_02_00_00

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16

const TIOCSTI = 0x54_12
const TIOCLINUX = 0x54_1c
const TIOCSETD = 0x54_23

/**
 * What a box may not ask of the kernel. A list of refusals, not of permissions: agents build and test
 * any software there is. Most of it needs capabilities the box lacks anyway; refusing the call closes
 * the kernel code behind it, where the escapes of the past were found.
 */
export const rules: readonly Rule[] = [
  // Mounts and roots, by the old calls and the new ones: the view of files is what holds the box.
  {
    calls: ['mount', 'umount2', 'pivot_root', 'move_mount', 'mount_setattr'],
    errno: EPERM,
  },
  { calls: ['fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree'], errno: EPERM },
  { calls: ['quotactl', 'quotactl_fd', 'acct', 'swapon', 'swapoff'], errno: EPERM },
  // By handle a file is opened past the folders above it (the "shocker" escape of 2014).
  { calls: ['open_by_handle_at', 'name_to_handle_at'], errno: EPERM },

  // Namespaces: a new user namespace gives all capabilities inside it, and with them most of the
  // kernel's bugs. clone3 takes its flags from memory a filter cannot read; libc falls back to clone.
  { calls: ['unshare', 'setns'], errno: EPERM },
  { calls: ['clone'], errno: EPERM, when: [{ argument: 0, anyBit: namespaceFlags }] },
  { calls: ['clone3'], errno: ENOSYS },
  { calls: ['sethostname', 'setdomainname'], errno: EPERM },

  // Other processes. All in a box are one uid, so the launcher has to be kept from its own agent.
  { calls: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise'], errno: EPERM },
  { calls: ['pidfd_getfd', 'kcmp', 'process_mrelease'], errno: EPERM },
  { calls: ['migrate_pages', 'move_pages'], errno: EPERM },

  // Keyrings have no namespace: keys of the host's session would be seen.
  { calls: ['keyctl', 'add_key', 'request_key'], errno: EPERM },

  // Large kernel interfaces with a history of escapes. io_uring also passes by this very filter.
  { calls: ['bpf', 'perf_event_open', 'userfaultfd', 'fanotify_init'], errno: EPERM },
  { calls: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'], errno: ENOSYS },

  // The machine itself.
  { calls: ['kexec_load', 'kexec_file_load', 'reboot', 'syslog', 'vhangup'], errno: EPERM },
  { calls: ['init_module', 'finit_module', 'delete_module'], errno: EPERM },
  { calls: ['clock_settime', 'settimeofday'], errno: EPERM },
  { calls: ['iopl', 'ioperm', 'modify_ldt'], errno: EPERM },
  { calls: ['lookup_dcookie', 'nfsservctl', 'uselib', 'ustat', 'sysfs'], errno: ENOSYS },
  // Reading the clock's state is for everyone, but the call is the same as setting it.
  { calls: ['adjtimex', 'clock_adjtime'], errno: EPERM },
  // Only plain Linux, address randomization off (sanitizers restart so), and asking.
  {
    calls: ['personality'],
    errno: EPERM,
    when: [{ argument: 0, noneOf: [0, 0x4_00_00, 0xff_ff_ff_ff] }],
  },

  // Typing into a terminal from within, and changing what a terminal is. --new-session also helps.
  {
    calls: ['ioctl'],
    errno: EPERM,
    when: [{ argument: 1, oneOf: [TIOCSTI, TIOCLINUX, TIOCSETD] }],
  },

  // Sockets of every kind but the usual three (and netlink's routing questions, which getifaddrs
  // asks): opening one of another family or protocol makes the kernel load its module.
  {
    calls: ['socket'],
    errno: EAFNOSUPPORT,
    when: [{ argument: 0, noneOf: [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] }],
  },
  {
    calls: ['socket'],
    errno: EPROTONOSUPPORT,
    // 0 is the default, 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6.
    when: [
      { argument: 0, oneOf: [AF_INET, AF_INET6] },
      { argument: 2, noneOf: [0, 1, 6, 17, 58] },
    ],
  },
  {
    calls: ['socket'],
    errno: EPROTONOSUPPORT,
    when: [
      { argument: 0, oneOf: [AF_NETLINK] },
      { argument: 2, noneOf: [0] },
    ],
  },
  { calls: ['socketpair'], errno: EAFNOSUPPORT, when: [{ argument: 0, noneOf: [AF_UNIX] }] },

  // Memory that belongs to no process, so that the memory guard cannot see it. Files in /tmp and
  // /dev/shm take its place, whose sizes are bounded. PostgreSQL asks for 56 bytes of shmget; with at
  // most 4096 segments of this size they stay below 256 MiB.
  { calls: ['memfd_create', 'memfd_secret', 'msgget', 'semget'], errno: ENOSYS },
  { calls: ['shmget'], errno: EINVAL, when: [{ argument: 1, above: 65_536 }] },
]
