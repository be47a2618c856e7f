const secretWords = new Set([
  'token',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'pat',
  'apikey',
  'authorization',
  'cookie',
  'credential',
  'credentials',
])
/** A key is a secret only of some kinds: `SORT_KEY` is not. */
const secretKeys = new Set(['api', 'access', 'private', 'secret', 'signing', 'encryption', 'auth'])

/** Whether the name of a variable, a header or an option says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const [last = '', before = ''] = words.toReversed()
  return secretWords.has(last) || (last === 'key' && secretKeys.has(before))
}

/** Values that are no secret whatever their name says: a switch, or where a file is. */
export function isHarmless(value: string): boolean {
  return /^(?:|true|false|none|null|yes|no|on|off|\d{1,3}|(?:\/|\.{1,2}\/|~\/).*)$/i.test(
    value.trim(),
  )
}
