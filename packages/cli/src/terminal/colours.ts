import { styleText } from 'node:util'
import type { State } from '@errand/contract'

type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

/** Whether to colour, by the customs of NO_COLOR, CLICOLOR_FORCE and TERM=dumb. */
export function wantsColours(
  environment: Readonly<Record<string, string | undefined>>,
  isTty: boolean,
): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false
  const forced = environment.CLICOLOR_FORCE ?? environment.FORCE_COLOR ?? ''
  if (forced !== '' && forced !== '0') return true
  return isTty && environment.TERM !== 'dumb'
}

/** Colours text, or leaves it alone. The stream was judged already, by `wantsColours`. */
export function createPaint(isWanted: boolean): Paint {
  return isWanted
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text
}

const stateStyles = {
  queued: 'cyan',
  in_progress: 'yellow',
  waiting_for_user: 'magenta',
  idle: 'dim',
  completed: 'green',
  failed: 'red',
  timed_out: 'red',
  cancelled: 'dim',
} as const satisfies Record<State, Style>

export function paintState(paint: Paint, state: State): string {
  // A server newer than this client may know another state.
  return paint((stateStyles as Partial<typeof stateStyles>)[state] ?? 'dim', state)
}
