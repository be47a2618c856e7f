import { mcpSecretPrefix } from '@errand/contract'

const mask = '********'
const reference = `\\$\\{?${mcpSecretPrefix}\\w+\\}?`
/** Nothing but the name of a secret, perhaps behind a word like `Bearer`. */
const isReference = new RegExp(`^(?:[A-Za-z]{1,20} )?${reference}$`)

/** By the field of an MCP server: who put a secret there itself did it by mistake. */
const masks: Record<string, (text: string) => string> = {
  env: maskWhole,
  headers: maskWhole,
  url: maskUrl,
  args: maskArgument,
}

/**
 * A configuration as it may be written down for good: of what may hold a secret only references to secrets
 * are shown, and the rest of it is masked.
 */
export function maskSecrets(value: unknown, maskText?: (text: string) => string): unknown {
  if (typeof value === 'string') return maskText === undefined ? value : maskText(value)
  if (Array.isArray(value)) return value.map((inner) => maskSecrets(inner, maskText))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      maskSecrets(inner, maskText ?? (Object.hasOwn(masks, key) ? masks[key] : undefined)),
    ]),
  )
}

function maskWhole(text: string): string {
  return isReference.test(text) ? text : mask
}

/** Scheme, host and path stay: they say where the server is. */
function maskUrl(text: string): string {
  const [, before = '', user = '', rest = '', query = ''] =
    /^([a-z]+:\/\/)([^/?#]*@)?([^?#]*)([?#].*)?$/is.exec(text) ?? []
  if (before === '') return maskWhole(text)
  return `${before}${user === '' ? '' : `${mask}@`}${rest}${query === '' ? '' : `?${mask}`}`
}

/** Names stay, as of options and packages; what is given to a name, or looks like a token, does not. */
function maskArgument(text: string): string {
  const [, name, value = ''] = /^(-{0,2}[\w.-]{1,60}[=:])(.*)$/s.exec(text) ?? []
  if (name !== undefined && !value.startsWith('//')) return `${name}${maskWhole(value)}`
  if (/^[a-z]+:\/\//i.test(text)) return maskUrl(text)
  return /^[\w+/=.-]{20,}$/.test(text) && /\d/.test(text) ? mask : text
}
