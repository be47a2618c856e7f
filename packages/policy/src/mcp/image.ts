import { startsAnotherProgram } from './starts-another-program.ts'

const engines = new Set(['docker', 'podman', 'nerdctl'])

/** Where a system has its programs. Any other folder may be one of the checkout, which whoever pushes fills. */
const systemFolders = new Set(['', '/usr/bin/', '/usr/local/bin/', '/bin/', '/opt/homebrew/bin/'])

/** Variables by which an engine runs its containers elsewhere, or reads a configuration of somebody else. */
const engineVariables =
  /^(?:HOME|XDG_CONFIG_HOME|DOCKER_(?:HOST|CONTEXT|CONFIG)|CONTAINER_(?:HOST|CONNECTION)|CONTAINERS_.*|CONTAINERD_ADDRESS|NERDCTL_TOML)$/

/** Options that give a container nothing of the machine; those that take a value say so by `true`. */
const harmlessOptions: Readonly<Record<string, boolean>> = {
  '-i': false,
  '--interactive': false,
  '-t': false,
  '--tty': false,
  '-it': false,
  '-ti': false,
  '--rm': false,
  '--init': false,
  '--read-only': false,
  '-e': true,
  '--env': true,
  '--name': true,
  '--pull': true,
  '--platform': true,
}
const reference =
  /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::\d+)?(?:\/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)*(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?$/

/**
 * The image that a local server runs, such as `ghcr.io/contoso/mcp:1`. Nothing where it is not certain,
 * such as for a `docker` of the checkout, or where the container is given more than an image: `--volume`,
 * `--privileged` and their like would make any image a danger.
 *
 * @param variables names of the environment that the server is given
 */
export function imageOf(
  command: string,
  args: readonly string[],
  variables: readonly string[],
): string | undefined {
  const [first, second] = args
  const begin = first === 'run' ? 1 : first === 'container' && second === 'run' ? 2 : undefined
  if (!isEngine(command, variables) || begin === undefined) return undefined
  for (let at = begin; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (!arg.startsWith('-')) return arg.length <= 500 && reference.test(arg) ? arg : undefined
    const [name = '', ...value] = arg.split('=')
    const takesValue = harmlessOptions[name]
    if (takesValue === undefined) return undefined
    if (takesValue && value.length === 0) at += 1
  }
  return undefined
}

function isEngine(command: string, variables: readonly string[]): boolean {
  const nameAt = command.lastIndexOf('/') + 1
  return (
    engines.has(command.slice(nameAt)) &&
    systemFolders.has(command.slice(0, nameAt)) &&
    !startsAnotherProgram(variables) &&
    !variables.some((name) => engineVariables.test(name))
  )
}

/** An image by its whole name: `mongo` is `docker.io/library/mongo`. */
export function wholeImageName(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  if (hasRegistry) return image
  return rest.length === 0 ? `docker.io/library/${image}` : `docker.io/${image}`
}

/** An image without its tag and digest. */
export function untagged(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
}
