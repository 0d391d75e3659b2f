import { type ControlChange, ControlOperation } from "../../../../gen/quota/v1/control_change_pb.ts";
import { type Difference, differencesOf } from "../format/differences.ts";
import { Facts } from "./facts.tsx";

const kindNames: Readonly<Record<Difference["kind"], string>> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  same: "unchanged",
};

/** What a change did, field by field. What stayed is shown as well, quietly: it says what the object is. */
export function ChangeDetails({ change }: { readonly change: ControlChange }) {
  const differences = differencesOf(change.before, change.after);
  const isNew = change.operation === ControlOperation.CREATE;
  return (
    <div className="change-details">
      <Facts
        facts={{
          "Change id": <code>{change.id}</code>,
          "Request id": change.requestId === "" ? "none" : <code>{change.requestId}</code>,
          Key: change.actorKeyId === undefined ? "none was used" : <code>{change.actorKeyId}</code>,
        }}
      />
      <table className="diff">
        <caption className="visually-hidden">Before and after</caption>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">
              <span className="visually-hidden">What happened</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ path, kind, before, after }) => (
            <tr key={path} className={`diff-${kind}`}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                <Side text={before} isChanged={kind !== "same"} as="del" absent={isNew ? "did not exist" : "absent"} />
              </td>
              <td>
                <Side text={after} isChanged={kind !== "same"} as="ins" absent="absent" />
              </td>
              <td className="muted">{kindNames[kind]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One side of a difference; what stayed is no deletion and no insertion. */
function Side({
  text,
  isChanged,
  as: Mark,
  absent,
}: {
  readonly text: string | undefined;
  readonly isChanged: boolean;
  readonly as: "del" | "ins";
  readonly absent: string;
}) {
  if (text === undefined) return <span className="muted">{absent}</span>;
  return isChanged ? <Mark>{text}</Mark> : text;
}
