import { reportRepeats, valuesOf } from "./entry.ts";
import { type PlanEntry, parsePlan } from "./parse-plan.ts";
import { parseSubscription } from "./parse-subscription.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { PlansFile } from "./plans-file.ts";

/**
 * Reads the text of a plans file; examples/plans.yaml shows the format, whose names are those of the contract.
 *
 * @param fileName what errors name
 * @throws PlansFileError with the line of the first problem, and how many there are
 */
export function parsePlansFile(fileName: string, text: string): PlansFile {
  const { root, problems } = parseYaml(fileName, text);
  const fields = root.fields(["plans"], ["subscriptions"]);
  const plans = (fields?.get("plans")?.items() ?? []).map(parsePlan);
  reportRepeats(plans);
  reportSecondDefaults(plans);
  const planCodes = new Set(plans.flatMap(({ identity }) => (identity === undefined ? [] : [identity])));
  const subscriptions = (fields?.get("subscriptions")?.items() ?? []).map((place) =>
    parseSubscription(place, planCodes),
  );
  reportRepeats(subscriptions);
  problems.assertNone();
  return { fileName, plans: valuesOf(plans), subscriptions: valuesOf(subscriptions) };
}

function reportSecondDefaults(plans: readonly PlanEntry[]): void {
  const [first, ...others] = plans.flatMap(({ defaultPlace }) => (defaultPlace === undefined ? [] : [defaultPlace]));
  for (const place of others) place.report(`is true a second time: line ${first?.line} has the default plan already`);
}
