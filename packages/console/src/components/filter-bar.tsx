import { useEffect, useId, useState } from "react";
import type { Validate } from "../api/bounds.ts";
import { validateInstant } from "../api/bounds.ts";
import { viewerTimeZone } from "../format/times.ts";
import { instantAt, wallTimeOf } from "../format/wall-time.ts";
import type { ChangeParameters } from "../routing/location.ts";
import type { Parameters } from "../routing/routes.ts";
import { Icon } from "./icon.tsx";
import { useShownZone } from "./time-zones.tsx";

/** A filter, named as in the address. */
export type Filter =
  | {
      readonly kind: "text";
      readonly name: string;
      readonly label: string;
      readonly placeholder: string;
      readonly validate: Validate;
      readonly isWide?: boolean;
    }
  | { readonly kind: "instant"; readonly name: string; readonly label: string }
  | {
      readonly kind: "choice";
      readonly name: string;
      readonly label: string;
      /** The first one is what holds when the address names none. */
      readonly choices: readonly { readonly value: string; readonly label: string }[];
    };

/** A click that sets several filters at once. */
export interface Preset {
  readonly label: string;
  readonly parameters: () => Parameters;
}

export interface PresetGroup {
  readonly label: string;
  readonly presets: readonly Preset[];
}

/** The complaints about filters as they stand in the address, by name. Where there is one, nothing is asked of the service. */
export function problemsOf(filters: readonly Filter[], parameters: Parameters): Readonly<Record<string, string>> {
  const problems: Record<string, string> = {};
  for (const filter of filters) {
    const text = parameters[filter.name];
    if (text === undefined || text === "") continue;
    const problem = problemOf(filter, text);
    if (problem !== undefined) problems[filter.name] = problem;
  }
  return problems;
}

function problemOf(filter: Filter, text: string): string | undefined {
  switch (filter.kind) {
    case "text":
      return filter.validate(text);
    case "instant":
      return validateInstant(text);
    case "choice":
      return filter.choices.some(({ value }) => value === text) ? undefined : `“${text}” is none of the choices.`;
  }
}

/** Filters whose state is the address; changing one goes back to the first page. */
export function FilterBar({
  filters,
  presetGroups = [],
  parameters,
  change,
}: {
  readonly filters: readonly Filter[];
  readonly presetGroups?: readonly PresetGroup[];
  readonly parameters: Parameters;
  readonly change: ChangeParameters;
}) {
  const problems = problemsOf(filters, parameters);
  const isFiltered = filters.some(({ name }) => (parameters[name] ?? "") !== "");
  const set = (name: string, text: string) => change({ [name]: text, page: undefined });
  return (
    <search className="filters" aria-label="Filters">
      {filters.map((filter) => (
        <FilterField
          key={filter.name}
          filter={filter}
          text={parameters[filter.name] ?? ""}
          tenantId={parameters["tenant"]}
          problem={problems[filter.name]}
          onChange={(text) => set(filter.name, text)}
        />
      ))}
      {presetGroups.map((group) => (
        <fieldset key={group.label} className="presets">
          <legend>{group.label}</legend>
          {group.presets.map((preset) => (
            <button
              key={preset.label}
              type="button"
              className="chip"
              onClick={() => change({ ...preset.parameters(), page: undefined })}
            >
              {preset.label}
            </button>
          ))}
        </fieldset>
      ))}
      <button
        type="button"
        className="button button-quiet"
        disabled={!isFiltered}
        onClick={() =>
          change(Object.fromEntries([["page", undefined], ...filters.map(({ name }) => [name, undefined])]))
        }
      >
        <Icon name="close" /> Clear filters
      </button>
    </search>
  );
}

interface FieldProps<F extends Filter = Filter> {
  readonly filter: F;
  readonly text: string;
  readonly tenantId: string | undefined;
  readonly problem: string | undefined;
  readonly onChange: (text: string) => void;
}

function FilterField(props: FieldProps) {
  const { filter, problem } = props;
  const id = useId();
  const problemId = `${id}-problem`;
  const field = { id, problemId, ...props };
  return (
    <div className={filter.kind === "text" && filter.isWide ? "field field-wide" : "field"}>
      <label className="field-label" htmlFor={id}>
        {filter.label}
      </label>
      {filter.kind === "choice" ? (
        <ChoiceInput {...field} filter={filter} />
      ) : filter.kind === "instant" ? (
        <InstantInput {...field} filter={filter} />
      ) : (
        <TextInput {...field} filter={filter} />
      )}
      {problem === undefined ? null : (
        <span id={problemId} className="field-problem" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}

type InputProps<K extends Filter["kind"]> = FieldProps<Extract<Filter, { kind: K }>> & {
  readonly id: string;
  readonly problemId: string;
};

/** Marks a field as wrong for those who do not see its colour. */
function complaint(problem: string | undefined, problemId: string) {
  return problem === undefined ? {} : { "aria-invalid": true, "aria-describedby": problemId };
}

/** Takes effect at Enter or when it is left: half a UUID is not worth a question to the service. */
function TextInput({ id, problemId, filter, text, problem, onChange }: InputProps<"text">) {
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  const commit = () => {
    if (draft.trim() !== text) onChange(draft.trim());
  };
  return (
    <input
      id={id}
      type="text"
      spellCheck={false}
      autoComplete="off"
      data-filter
      placeholder={filter.placeholder}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setDraft(text);
      }}
      {...complaint(problem, problemId)}
    />
  );
}

/** Reads and writes the zone that the times beside it are shown in; the address holds the instant itself. */
function InstantInput({ id, problemId, text, tenantId, problem, onChange }: InputProps<"instant">) {
  const zone = useShownZone(tenantId) || viewerTimeZone();
  const stored = text === "" || problem !== undefined ? "" : wallTimeOf(new Date(text), zone);
  const [draft, setDraft] = useState(stored);
  useEffect(() => setDraft(stored), [stored]);
  const commit = () => {
    if (draft === stored) return;
    onChange(instantAt(draft, zone)?.toISOString() ?? "");
  };
  return (
    <input
      id={id}
      type="datetime-local"
      step={1}
      value={draft}
      title={`In ${zone}`}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
      {...complaint(problem, problemId)}
    />
  );
}

function ChoiceInput({ id, problemId, filter, text, problem, onChange }: InputProps<"choice">) {
  const standard = filter.choices[0]?.value ?? "";
  return (
    <select
      id={id}
      value={problem === undefined ? text || standard : ""}
      onChange={(event) => onChange(event.target.value === standard ? "" : event.target.value)}
      {...complaint(problem, problemId)}
    >
      {problem === undefined ? null : <option value="">{text}</option>}
      {filter.choices.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
