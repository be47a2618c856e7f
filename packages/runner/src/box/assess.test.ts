import { Settings } from '@errand/contract'
import { describe, expect, it } from 'vitest'

import { assessProbe } from './assess.ts'
import type { ProbeFindings } from './inside/findings.ts'

const settings = Settings.parse({}).sandbox
const none = '0000000000000000'

const sound: ProbeFindings = {
  uid: 1000,
  gid: 1000,
  groups: [],
  hostname: 'errand',
  foreign_processes: [],
  writable_paths: [],
  readable_secrets: [],
  interfaces: ['lo'],
  reachable: [],
  can_create_user_namespace: false,
  init_environment_bytes: 0,
  capabilities: {
    inheritable: none,
    permitted: none,
    effective: none,
    bounding: none,
    ambient: none,
  },
  no_new_privs: true,
  seccomp_mode: 2,
  writable_mounts: ['/tmp', '/run', '/dev/shm', '/workspace', '/home/agent'],
  proc_mounted: true,
  inherited_files: [],
  limits: {
    processes: 512,
    data_bytes: 1024 ** 3,
    file_size_bytes: 1024 ** 3,
    open_files: 4096,
    core_bytes: 0,
  },
}

describe('assessProbe', () => {
  it('has nothing to say of a sound box', () => {
    expect(assessProbe(sound, settings, 'full')).toEqual([])
    expect(assessProbe({ ...sound, proc_mounted: false }, settings, 'basic')).toEqual([])
  })

  it.each<[Partial<ProbeFindings>, string]>([
    [{ uid: 0 }, 'it runs as uid 0'],
    [{ groups: [27, 999] }, 'it has the groups 27, 999'],
    [
      { capabilities: { ...sound.capabilities, bounding: '0000000000200000' } },
      'bounding capabilities',
    ],
    [{ no_new_privs: false }, 'setuid programs work'],
    [{ seccomp_mode: 0 }, 'system calls are not filtered'],
    [{ can_create_user_namespace: true }, 'user namespaces'],
    [{ hostname: 'server' }, "the host's name"],
    [{ proc_mounted: false }, 'no /proc of its own'],
    [{ foreign_processes: ['systemd'] }, 'it sees the processes systemd'],
    [{ writable_mounts: ['/etc'] }, 'it can write to /etc'],
    [{ writable_paths: ['/usr'] }, 'it can write to /usr'],
    [{ readable_secrets: ['/etc/shadow'] }, 'it can read /etc/shadow'],
    [{ inherited_files: ['/var/log/server.log'] }, 'it has open /var/log/server.log'],
    [{ init_environment_bytes: 4 }, '/proc/1/environ'],
    [{ interfaces: ['lo', 'eth0'] }, 'network interfaces eth0'],
    [{ reachable: ['tcp 192.0.2.1:80'] }, 'it can connect to tcp 192.0.2.1:80'],
    [{ limits: { ...sound.limits, processes: -1 } }, 'its limit of processes is -1 instead of 512'],
    [{ limits: { ...sound.limits, open_files: 4097 } }, 'its limit of open_files'],
    [{ limits: { ...sound.limits, core_bytes: Number.NaN } }, 'its limit of core_bytes'],
  ])('names the weakness in %j', (finding, phrase) => {
    const weaknesses = assessProbe({ ...sound, ...finding }, settings, 'full')

    expect(weaknesses).toHaveLength(1)
    expect(weaknesses[0]).toContain(phrase)
  })
})
