import { type ControlChange, ControlOperation } from "../../../../gen/quota/v1/control_change_pb.ts";
import { changeValueOf, isBookkeeping } from "../format/change-values.ts";
import { type Difference, differencesOf } from "../format/differences.ts";
import { formatQuantity } from "../format/numbers.ts";
import { Facts } from "./facts.tsx";
import { TimeText } from "./time-text.tsx";

const kindNames: Readonly<Record<Difference["kind"], string>> = {
  added: "added",
  removed: "removed",
  changed: "changed",
  same: "unchanged",
};

/** What a change did, field by field. What stayed unfolds: it says what the object is, and not what happened to it. */
export function ChangeDetails({ change }: { readonly change: ControlChange }) {
  const differences = differencesOf(change.before, change.after);
  const changed = differences.filter(({ kind }) => kind !== "same");
  const same = differences.filter(({ kind }) => kind === "same");
  const inOrder = [
    ...changed.filter(({ path }) => !isBookkeeping(path)),
    ...changed.filter(({ path }) => isBookkeeping(path)),
  ];
  return (
    <div className="change-details">
      <Facts
        facts={{
          "Change id": <code>{change.id}</code>,
          "Request id": change.requestId === "" ? "none" : <code>{change.requestId}</code>,
          Key: change.actorKeyId === undefined ? "none was used" : <code>{change.actorKeyId}</code>,
        }}
      />
      <DifferenceTable caption="Before and after" differences={inOrder} change={change} />
      {same.length === 0 ? null : (
        <details className="diff-rest">
          <summary>{formatQuantity(same.length, "unchanged field", "unchanged fields")}</summary>
          <DifferenceTable caption="What stayed as it was" differences={same} change={change} />
        </details>
      )}
    </div>
  );
}

function DifferenceTable({
  caption,
  differences,
  change,
}: {
  readonly caption: string;
  readonly differences: readonly Difference[];
  readonly change: ControlChange;
}) {
  const isNew = change.operation === ControlOperation.CREATE;
  return (
    <table className="diff">
      <caption className="visually-hidden">{caption}</caption>
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
        {differences.map((difference) => {
          const { path, kind, before, after } = difference;
          const shared = { path, isChanged: kind !== "same", tenantId: change.tenantId };
          return (
            <tr key={path} className={`diff-${kind}`}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                <Side {...shared} text={before} as="del" absent={isNew ? "did not exist" : "absent"} />
              </td>
              <td>
                <Side {...shared} text={after} as="ins" absent="absent" />
              </td>
              <td className="muted">{kindNames[kind]}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** One side of a difference; what stayed is no deletion and no insertion. */
function Side({
  path,
  text,
  tenantId,
  isChanged,
  as: Mark,
  absent,
}: {
  readonly path: string;
  readonly text: string | undefined;
  readonly tenantId: string | undefined;
  readonly isChanged: boolean;
  readonly as: "del" | "ins";
  readonly absent: string;
}) {
  if (text === undefined) return <span className="muted">{absent}</span>;
  const value = changeValueOf(path, text);
  const shown =
    "text" in value ? value.text : <TimeText instant={value.instant} tenantId={tenantId} precision="second" />;
  return isChanged ? <Mark>{shown}</Mark> : shown;
}
