/** A bug to plant: a file of the product, and what to write where. The checker must catch it, or it would not catch the real one. */
export interface Bug {
  readonly name: string;
  /** The end of the file's path. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
