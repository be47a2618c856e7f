/** Where to go after signing in: a path of this server, never another site. */
export function returnTo(source: unknown): string {
  const given =
    typeof source === 'object' && source !== null && 'return_to' in source
      ? source.return_to
      : undefined
  return typeof given === 'string' && /^\/(?![/\\])[^\u0000-\u0020\\]*$/.test(given) ? given : '/'
}
