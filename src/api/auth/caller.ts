/** What a door knows of who calls, before it is known who that is. Doors compute what is asked for, and only then. */
export interface Caller {
  /** The `authorization` header as it came. Several count as none: no proxy says which one it checked. */
  readonly authorization: string | undefined;
  /** The name by which the caller reached us: `:authority` or `Host`, with its port. */
  readonly host: string | undefined;
  /** The address that the connection comes from, without its port. */
  readonly peer: string;
}
