/**
 * What the probe saw from inside the box, before anything else ran there. Sent on the wire as the
 * findings of the `session.sandbox` event, hence the snake_case.
 */
export interface ProbeFindings {
  uid: number
  gid: number
  /** Supplementary groups. */
  groups: number[]
  /** The five capability sets as the kernel prints them, in hexadecimal; all zero in a sound box. */
  capabilities: Record<'inheritable' | 'permitted' | 'effective' | 'bounding' | 'ambient', string>
  no_new_privs: boolean
  /** 0 none, 1 strict, 2 filter. */
  seccomp_mode: number
  hostname: string
  /** Whether a /proc of the box's own is mounted. */
  fresh_proc: boolean
  /** Command names of the processes seen in /proc that are not the box's own. */
  foreign_processes: string[]
  /** Mount points mounted writable, and top folders in which a file could be made. */
  writable_paths: string[]
  /** Paths of secrets or of the host that could be read though they must not. */
  readable_secrets: string[]
  /** Network interfaces. */
  interfaces: string[]
  /** What a connection attempt reached, like `192.0.2.1:80`; empty in a sound box. */
  reachable: string[]
  /** Whether a new user namespace could be made. */
  can_create_user_namespace: boolean
  /** Bytes of environment that /proc/1/environ shows. */
  init_environment_bytes: number
  /** The limits of the processes in the box, as the kernel holds them; -1 is unlimited. */
  limits: Record<
    'processes' | 'data_bytes' | 'file_size_bytes' | 'open_files' | 'core_bytes',
    number
  >
}
