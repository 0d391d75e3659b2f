import { Routine } from "@mikro-orm/core";

/**
 * Fails the transaction when a batch wrote other rows than it decided. A record that did not come back was created by another
 * transaction in the meantime, which the caller answers by deciding anew; anything else is a defect. The statement that writes
 * calls it, so that its COMMIT can be sent without waiting for its answer.
 */
export const requireWritten = new Routine({
  name: "quota_require_written",
  type: "function",
  params: {
    records_wanted: { type: "bigint" },
    records_written: { type: "bigint" },
    others_wanted: { type: "bigint" },
    others_written: { type: "bigint" },
  },
  returns: { runtimeType: "boolean", columnType: "boolean" },
  language: "plpgsql",
  body: `
      if records_written <> records_wanted then
        raise exception 'another transaction created the record of the period first' using errcode = 'serialization_failure';
      end if;
      if others_written <> others_wanted then
        raise exception 'a batch wrote % rows and had decided %', others_written, others_wanted using errcode = 'data_exception';
      end if;
      return true;
  `,
});
