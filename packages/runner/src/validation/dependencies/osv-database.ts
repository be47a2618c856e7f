import type { OsvRecord } from './osv-record.ts'
import type { Package } from './package.ts'

/** Where records of vulnerable and malicious packages are looked up. */
export interface OsvDatabase {
  /**
   * The records about these versions, in the order of the packages.
   *
   * @throws ToolFailed where it does not answer, or not as it should
   */
  find(packages: readonly Package[]): Promise<OsvRecord[][]>
}
