/** Who does something, as it is written down. */
export interface Actor {
  id: number
  login: string
}

export function actorOf({ user }: { user: Actor }): Actor {
  return { id: user.id, login: user.login }
}
