const engines = new Set(['docker', 'podman', 'nerdctl'])

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
 * or where the container is given more than an image: `--volume`, `--privileged` and their like would
 * make any image a danger.
 */
export function imageOf(command: string, args: readonly string[]): string | undefined {
  const program = command.split('/').at(-1) ?? ''
  const [first, second] = args
  const begin = first === 'run' ? 1 : first === 'container' && second === 'run' ? 2 : undefined
  if (!engines.has(program) || begin === undefined) return undefined
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
