/**
 * The token of an `Authorization` header: `Bearer X`, `token X` (Octokit's default) or Basic with
 * the token as password, schemes in any case (behaviour.md 2.1). Undefined when there is none.
 */
export function readToken(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(authorization ?? '') ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token':
      return value
    case 'basic':
      return passwordOf(value)
    default:
      return undefined
  }
}

/** The password, or the user name where only that is given, as git hosts accept it. */
function passwordOf(basic: string): string | undefined {
  const text = Buffer.from(basic, 'base64').toString()
  const colon = text.indexOf(':')
  const token = colon < 0 ? text : text.slice(colon + 1) || text.slice(0, colon)
  return token === '' ? undefined : token
}
