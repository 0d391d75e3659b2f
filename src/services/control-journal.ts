import type { Actor } from "../domain/actor.ts";
import type { ControlChangeContent } from "../domain/control-change.ts";
import { eventIdAfter, eventIdInstant, type RandomBits } from "../domain/event-id.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { ChangeLog } from "../repositories/change-log.ts";

/** Writes down what one transaction changes, under the name of who changes it. */
export class ControlJournal {
  readonly #changes: ChangeLog;
  readonly #actor: Actor;
  readonly #random: RandomBits;
  #lastId: string | undefined;

  constructor(changes: ChangeLog, actor: Actor, random: RandomBits) {
    this.#changes = changes;
    this.#actor = actor;
    this.#random = random;
  }

  /**
   * To be called once the object is locked or written, so that its entries are in the order of its changes, whatever the clock
   * does.
   *
   * @param now the storage's clock, read in this transaction
   */
  async record(now: EpochMilliseconds, content: ControlChangeContent): Promise<void> {
    const lastOfObject = await this.#changes.findLastId(content.objectKind, content.objectId);
    const lastId = later(lastOfObject, this.#lastId);
    const time = lastId === undefined ? now : Math.max(now, eventIdInstant(lastId));
    const id = eventIdAfter(lastId, time, this.#random);
    this.#lastId = id;
    await this.#changes.append({ ...content, id, createdAt: eventIdInstant(id), actor: this.#actor });
  }
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
