/** A variable that is filled in when a server is started: `$X`, `${X}`, `${X:-default}` (behaviour.md 3.3). */
export interface Reference {
  name: string
  /** What stands there when the variable is not set: a literal like any other. */
  fallback?: string
}

const variable = /\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g

export function referencesIn(text: string): Reference[] {
  return [...text.matchAll(variable)].map(([, braced, fallback, bare]) => ({
    name: braced ?? bare ?? '',
    ...(fallback === undefined ? {} : { fallback }),
  }))
}

/** What is written out in a text: all but its variables, and what stands in for them. */
export function literalsIn(text: string): string[] {
  const fallbacks = referencesIn(text).flatMap(({ fallback }) => fallback ?? [])
  return [...text.split(/\$(?:\{[A-Za-z_]\w*(?::-[^}]*)?\}|[A-Za-z_]\w*)/), ...fallbacks].filter(
    (part) => part !== '',
  )
}
