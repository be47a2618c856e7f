/** What keeps a recipe from its work and a person can put right: one sentence that names the file or option. */
export class RecipeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RecipeError'
  }
}
