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

/** The password; or the user name, where git hosts take the token there (`TOKEN:x-oauth-basic`). */
function passwordOf(basic: string): string | undefined {
  const [user = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':')
  const password = rest.join(':')
  const token = password === '' || password === 'x-oauth-basic' ? user : password
  return token === '' ? undefined : token
}
