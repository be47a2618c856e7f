/** A branch, ref or file name as it stands in a URL's path: its slashes stay. */
export function inPath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}
