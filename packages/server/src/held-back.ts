import { ErrandError, type SkipReason } from '@errand/contract'

/**
 * What is asked for may not begin now, by a switch, a policy or a budget: no fault of what is asked for, and
 * over when somebody changes that.
 */
export class HeldBack extends ErrandError {
  readonly skipReason: SkipReason

  constructor(skipReason: SkipReason, message: string) {
    super('forbidden', { message })
    this.skipReason = skipReason
  }
}
