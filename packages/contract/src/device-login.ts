import type { Caller } from './forge.ts'

/** The client id by which Errand's own command asks for a token on an Errand. It is no secret. */
export const errandClientId = 'errand-cli'

/**
 * Signing in where there is no browser, as GitHub has it (RFC 8628): the device shows a short code, which
 * a person enters on a page where they are signed in. A forge that makes tokens has it.
 * https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
 */
export interface DeviceLogin {
  /**
   * Undefined for a client that is not known.
   *
   * @throws ErrandError secondary_rate_limited while too many wait for their person.
   */
  begin(asked: {
    clientId: string
    scopes: readonly string[]
    /** Where it was asked from, for the person to recognise. */
    address: string
  }): Promise<NewDeviceCode | undefined>
  /** What waits for a person; undefined when it is decided, over, or never was. */
  find(userCode: string): WaitingDevice | undefined
  /**
   * Lets a device have a token of the caller's, or not.
   *
   * @throws ErrandError not_found when nothing waits any more, forbidden when the caller's own token
   *   cannot hand on what is asked for.
   */
  decide(userCode: string, caller: Caller, isAllowed: boolean): Promise<void>
  /** How far a device's wish is. The token is given once. */
  poll(deviceCode: string, clientId: string): Promise<DeviceAnswer>
}

export interface NewDeviceCode {
  device_code: string
  /** `XXXX-XXXX`. */
  user_code: string
  /** Seconds. */
  expires_in: number
  /** Seconds between two polls, at least. */
  interval: number
}

export interface WaitingDevice {
  client: string
  scopes: string[]
  address: string
  /** ISO time. */
  created_at: string
}

export type DeviceAnswer =
  | { access_token: string; token_type: 'bearer'; scope: string }
  | {
      error:
        | 'authorization_pending'
        | 'slow_down'
        | 'expired_token'
        | 'access_denied'
        | 'incorrect_device_code'
        | 'incorrect_client_credentials'
      /** With `slow_down`: seconds between two polls from now on. */
      interval?: number
    }
