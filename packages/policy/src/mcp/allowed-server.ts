import { z } from 'zod'
import { HostPattern } from '../hosts/host-pattern.ts'

const pattern = z.string().min(1).max(500)

/** Each that is given must hold; what is not given may be anything. */
export const AllowedServer = z
  .strictObject({
    name: pattern.exactOptional().describe('Its name; * stands for any characters'),
    command: pattern.exactOptional().describe('The program of a local server, as it is written'),
    args: z.array(pattern).exactOptional().describe('What its arguments begin with; * may be used'),
    image: pattern
      .exactOptional()
      .describe('The image a local server runs by docker, podman or nerdctl; * may be used'),
    url: HostPattern.exactOptional().describe('What the URL of a remote server may be'),
  })
  .refine((server) => Object.keys(server).length > 0, {
    error: 'must have a name, a command, an image or a url',
  })
  .refine(({ args, command }) => args === undefined || command !== undefined, {
    error: 'must have a command when it has args',
  })
export type AllowedServer = z.infer<typeof AllowedServer>
