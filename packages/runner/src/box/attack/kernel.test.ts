import { describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'
import { type Syscall, syscalls } from '../seccomp/syscalls.ts'

const column = process.arch === 'arm64' ? 1 : 0

/** A Perl program, since every Debian and Ubuntu has one: makes each call and prints the error's name. */
function call(calls: readonly (readonly [Syscall, ...number[]])[]): string {
  const lines = calls.map(([name, ...args]) => {
    const list = [syscalls[name][column], ...args].join(', ')
    return `$! = 0; syscall(${list}) == -1 or print "${name} was done\\n"; push @e, "${name} " . (0 + $!);`
  })
  return `perl -e '${lines.join(' ')} print join("\\n", @e), "\\n"'`
}

const EPERM = 1
const EINVAL = 22
const ENOSYS = 38

describe('an agent that asks the kernel for more', () => {
  it('is refused mounts, namespaces, other processes, keys and the machine', async () => {
    await using test = await openTestBox()
    const calls = [
      ['mount', 0, 0, 0, 0, 0],
      ['umount2', 0, 0],
      ['pivot_root', 0, 0],
      ['fsopen', 0, 0],
      ['open_tree', 0, 0, 0],
      ['move_mount', 0, 0, 0, 0, 0],
      ['mount_setattr', 0, 0, 0, 0, 0],
      ['unshare', 0],
      ['setns', 0, 0],
      ['clone', 0x10_00_00_00, 0, 0, 0, 0],
      ['ptrace', 0, 0, 0, 0],
      ['process_vm_readv', 1, 0, 0, 0, 0, 0],
      ['process_vm_writev', 1, 0, 0, 0, 0, 0],
      ['pidfd_getfd', 0, 0, 0],
      ['keyctl', 0, 0, 0, 0, 0],
      ['add_key', 0, 0, 0, 0, 0],
      ['request_key', 0, 0, 0, 0],
      ['bpf', 0, 0, 0],
      ['perf_event_open', 0, 0, 0, 0, 0],
      ['userfaultfd', 0],
      ['name_to_handle_at', 0, 0, 0, 0, 0],
      ['open_by_handle_at', 0, 0, 0],
      ['kexec_load', 0, 0, 0, 0],
      ['init_module', 0, 0, 0],
      ['finit_module', 0, 0, 0],
      ['reboot', 0, 0, 0, 0],
      ['swapon', 0, 0],
      ['acct', 0],
      ['quotactl', 0, 0, 0, 0],
      ['clock_settime', 0, 0],
      ['settimeofday', 0, 0],
      ['syslog', 3, 0, 0],
      ['personality', 8],
      ['vhangup'],
      ['sethostname', 0, 0],
    ] as const

    const result = await test.agent(call(calls))

    expect(result.stdout).toBe(calls.map(([name]) => `${name} ${EPERM}\n`).join(''))
  })

  it('is told that newer calls do not exist, so that libraries fall back', async () => {
    await using test = await openTestBox()
    const calls = [
      ['clone3', 0, 0],
      ['io_uring_setup', 0, 0],
      ['memfd_create', 0, 0],
      ['memfd_secret', 0],
      ['msgget', 0, 0],
      ['semget', 0, 1, 0],
    ] as const

    const result = await test.agent(call(calls))

    expect(result.stdout).toBe(calls.map(([name]) => `${name} ${ENOSYS}\n`).join(''))
  })

  it('gets small shared memory segments, but none that could hide memory', async () => {
    await using test = await openTestBox()

    const small = await test.agent(call([['shmget', 0, 4096, 0o600]]))
    const large = await test.agent(call([['shmget', 0, 1_048_576, 0o600]]))
    const huge = await test.agent(call([['shmget', 0, 2 ** 40, 0o600]]))

    expect(small.stdout).toContain('shmget was done')
    expect([large.stdout, huge.stdout]).toEqual([`shmget ${EINVAL}\n`, `shmget ${EINVAL}\n`])
  })

  it('cannot type into a terminal, not even one of its own', async () => {
    await using test = await openTestBox()

    // TIOCSTI, TIOCLINUX and TIOCSETD; the high half of the request must not smuggle it past.
    const result = await test.agent(`script -qec 'exec perl -e "
      for my \\$request (0x5412, 0x541c, 0x5423) {
        my \\$c = chr(120);
        ioctl(STDIN, \\$request, \\$c) and print qq(typed\\n) or print 0 + \\$!, qq(\\n);
      }"' /dev/null </dev/null; tty; ls /dev/tty* /dev/console`)

    expect(result.stdout.replaceAll('\r', '').split('\n').slice(0, 4)).toEqual([
      '1',
      '1',
      '1',
      'not a tty',
    ])
  })

  it('makes no namespace by any of the tools for it', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`
      unshare -U true && echo user; unshare -Ur true && echo mapped; unshare -m true && echo mount
      unshare -n true && echo net; bwrap --ro-bind / / true && echo nested
      nsenter -t 1 -m true && echo entered; chroot / true && echo chroot; true`)

    expect(result.stdout).toBe('')
  })

  it('changes no setting of the kernel', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`
      for file in $(find /proc/sys -type f -writable 2>/dev/null); do
        cat $file 2>/dev/null > /tmp/value && cat /tmp/value 2>/dev/null > $file && echo wrote $file
      done; echo c 2>/dev/null > /proc/sysrq-trigger && echo sysrq
      echo 1 2>/dev/null > /proc/sys/vm/drop_caches && echo dropped
      echo '|/evil' 2>/dev/null > /proc/sys/kernel/core_pattern && echo core; true`)

    expect(result.stdout).toBe('')
  })
})
