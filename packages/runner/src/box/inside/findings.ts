/**
 * What was tried from inside the box, by the launcher, before anything else ran there.
 */
export interface InsideFindings {
  uid: number
  gid: number
  /** Supplementary groups. */
  groups: number[]
  hostname: string
  /** Command names of processes seen beside the box's first and the launcher. */
  foreign_processes: string[]
  /** Top folders, and folders that must be read-only, in which a file could be made. */
  writable_paths: string[]
  /** Paths of secrets or of the host that could be opened though they must not. */
  readable_secrets: string[]
  /** Network interfaces that are up. */
  interfaces: string[]
  /** What a connection attempt did not find unreachable at once, like `tcp 192.0.2.1:80`. */
  reachable: string[]
  /** Whether a new user namespace could be made. */
  can_create_user_namespace: boolean
  /** Bytes of environment that /proc/1/environ shows. */
  init_environment_bytes: number
}

/** What the kernel has on record of the launcher, read from outside: nothing inside can forge it. */
export interface KernelFindings {
  /** The five capability sets in hexadecimal, all zero in a sound box. */
  capabilities: Record<'inheritable' | 'permitted' | 'effective' | 'bounding' | 'ambient', string>
  no_new_privs: boolean
  /** 0 none, 1 strict, 2 filter. */
  seccomp_mode: number
  /** Mount points that are writable, device nodes and /proc left out. */
  writable_mounts: string[]
  /** Whether a /proc is mounted. */
  proc_mounted: boolean
  /** Files of the host that are open in the box, standard streams and /dev/null left out. */
  inherited_files: string[]
  /** Hard limits of each process; -1 is unlimited. */
  limits: Record<
    'processes' | 'data_bytes' | 'file_size_bytes' | 'open_files' | 'core_bytes',
    number
  >
}

/**
 * What the probe found before anything of the session ran. Sent as the findings of the
 * `session.sandbox` event, hence the snake_case.
 */
export type ProbeFindings = InsideFindings & KernelFindings
