export interface Config {
  /**
   * Where the actions `errand:*` send their tasks. Without this section they go to GitHub's own API, by
   * the GitHub integration of the repository's host.
   */
  errand?: {
    /** Where Errand answers, like `https://errand.example.com`. */
    baseUrl: string
    /**
     * A token of Errand's. Without it each user acts with their own one, `secrets.USER_OAUTH_TOKEN`.
     * @visibility secret
     */
    token?: string
  }
}
