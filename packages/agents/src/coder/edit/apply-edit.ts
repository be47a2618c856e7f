import { ToolError } from '../tools/tool.ts'
import { findLookalikes, findPlaces, type Place } from './find-place.ts'

export interface Edit {
  /** What the file is called in messages. */
  path: string
  oldText: string
  newText: string
  replacesAll: boolean
}

export interface Applied {
  text: string
  /** What the model is told. */
  report: string
}

/** Lines of the file that an error shows. */
const shownLines = 30
const shownPlaces = 10

/**
 * Replaces a text in a file's text.
 *
 * @throws ToolError which says what stands in the file instead, where that can be said
 */
export function applyEdit(file: string, { path, oldText, newText, replacesAll }: Edit): Applied {
  if (oldText === newText) throw new ToolError('old_text and new_text are the same.')
  const places = findPlaces(file, oldText, newText)
  const [first] = places
  if (first === undefined) throw new ToolError(notFound(file, oldText, path))
  if (places.length > 1 && (!replacesAll || first.isFitted)) {
    throw new ToolError(ambiguous(places, path))
  }
  const { text, count } = replace(file, places)
  if (text === file) throw new ToolError('This changes nothing: the file says so already.')
  const where =
    count === 1 ? `at line ${first.line}` : `in ${count} places, the first at line ${first.line}`
  const fitted = first.isFitted
    ? ' What stood there differs from old_text in white space; new_text was indented to fit. Read the place if that matters.'
    : ''
  return { text, report: `Replaced ${where} of ${path}.${fitted}` }
}

function replace(file: string, places: Place[]): { text: string; count: number } {
  const parts: string[] = []
  let [end, count] = [0, 0]
  for (const place of places) {
    // Of places that overlap the first is replaced.
    if (place.start < end) continue
    parts.push(file.slice(end, place.start), place.replacement)
    end = place.end
    count += 1
  }
  return { text: [...parts, file.slice(end)].join(''), count }
}

function ambiguous(places: Place[], path: string): string {
  const lines = places.slice(0, shownPlaces).map(({ line }) => line)
  const [first] = places
  const how = first?.isFitted === true ? ', but for white space,' : ''
  const otherwise =
    first?.isFitted === true ? 'copy the text exactly as it is there' : 'set replace_all'
  return `old_text occurs${how} ${places.length} times in ${path}, at lines ${lines.join(', ')}: take more of the lines around the one you mean, or ${otherwise}.`
}

function notFound(file: string, oldText: string, path: string): string {
  const { lines } = findLookalikes(file, oldText)
  const [line] = lines
  if (line === undefined) {
    return `old_text is not in ${path}. Read the file again: it may have changed, or the text may be elsewhere.`
  }
  if (lines.length > 1) {
    const shown = lines.slice(0, shownPlaces).join(', ')
    return `old_text is not in ${path}; text that differs from it only in white space is at lines ${shown}. Copy the one you mean exactly as it is there, with lines around it.`
  }
  const count = Math.min(oldText.trim().split('\n').length, shownLines)
  const there = file.split('\n').slice(line - 1, line - 1 + count)
  return `old_text is not in ${path}, but line ${line} and on differ from it only in white space. This is what stands there; copy it exactly:\n${there.join('\n').replaceAll('\r', '')}`
}
