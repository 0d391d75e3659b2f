/** What "create if missing" found or made. */
export interface Created<T> {
  readonly value: T;
  readonly isNew: boolean;
}
