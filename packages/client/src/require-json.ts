/** Far beyond what the service takes; only there to end the walk through an object that contains itself. */
const depthMax = 100;

/**
 * The types allow only JSON, but what comes from elsewhere is not always what its type says, and libraries differ in what
 * they make of the rest.
 *
 * @param path where the value stands, for the error
 * @throws TypeError that names the place
 */
export function requireJson(value: unknown, path: string, depth = 1): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}; numbers must be finite`);
    return;
  }
  if (depth > depthMax) throw new TypeError(`${path.slice(0, 64)}… is deeper than ${depthMax} levels`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) requireJson(item, `${path}[${index}]`, depth + 1);
    return;
  }
  if (typeof value !== "object" || !isPlain(value)) {
    throw new TypeError(`${path} is no JSON value; text, numbers, booleans, null, lists and plain objects are allowed`);
  }
  for (const [name, item] of Object.entries(value)) requireJson(item, `${path}.${name}`, depth + 1);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
