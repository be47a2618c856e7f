import { z } from 'zod'
import { parseReach } from './parse-reach.ts'

/** A host, `*.host` or URL of a policy: a pattern that could never match is a mistake to tell of. */
export const HostPattern = z.string().refine((text) => parseReach(text) !== undefined, {
  error:
    'must be a host (contoso.com), its subdomains (*.contoso.com) or a URL (https://host/path/)',
})
