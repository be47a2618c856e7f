import { invalidField, shortRef } from '@errand/contract'

/**
 * A branch as a caller writes it, short or as `refs/heads/...`, in its short form. The rules are
 * those of git-check-ref-format, and no dash in front, which a command could take for an option: a
 * name like `..` would mean something else in the path of a forge's API.
 *
 * @throws ErrandError validation_failed that names the field.
 */
export function requireRefName(field: string, given: string): string {
  const name = shortRef(given)
  if (isRefName(name)) return name
  throw invalidField(field, `${field}: '${given.slice(0, 100)}' cannot be the name of a branch`)
}

function isRefName(name: string): boolean {
  return (
    name.length > 0 &&
    Buffer.byteLength(name) <= 250 &&
    !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$|^[/-]|^@$/.test(name) &&
    !name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'))
  )
}
