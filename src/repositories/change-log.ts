import type { ControlChange, ControlObjectKind } from "../domain/control-change.ts";

/** The audit trail of the control plane, to which entries are only ever added. */
export interface ChangeLog {
  /** The largest id among an object's entries. */
  findLastId(objectKind: ControlObjectKind, objectId: string): Promise<string | undefined>;
  /** Adds an entry in the transaction that makes the change: both are stored or neither. */
  append(change: ControlChange): Promise<void>;
}
