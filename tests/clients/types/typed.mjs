// From recorded answers to the TypeScript that must compile.

import { DEPARTURES } from './departures.mjs';

const REFUSALS_DESCRIBED = [400, 401, 403, 404, 500];

/** Whose answer it is, as the packages name it: `GET /v1/me`. */
export function endpointOf({ method, path }) {
  return `${method} ${path.replace(/^\/api/, '').replace(/(?<=^\/v1\/method\.call)\/.+/, '/:method')}`;
}

/** The file of an endpoint's answers. */
export const fileOf = (endpoint) => `${endpoint.replace(/[ /:]+/g, '_')}.ts`;

/** The text of that file; `answers` are all of one endpoint. */
export function typed(endpoint, answers) {
  const constants = answers.filter(typeOf).map((answer, at) => constant(`answer${at + 1}`, answer, departures, 2));
  const proofs = departures.filter(({ of }) => of === endpoint).flatMap((departure, at) => {
    const answer = answers.find((one) => shows(one, departure));
    if (!answer) return [];
    const others = departures.filter((other) => other !== departure);
    // In one line, so that whatever does not fit is on the line that must not.
    return [`// ${departure.name}: ${departure.reason}\n// @ts-expect-error\n${constant(`departure${at + 1}`, answer, others)}`];
  });
  return [`import type { Question, Refusal, Success } from '#types/answers';\n`, ...constants, ...proofs].join('\n');
}

/** The departures of an endpoint that none of its answers shows, in words. */
export function departuresNotShown(endpoint, answers) {
  return departures
    .filter((departure) => departure.of === endpoint && !answers.some((answer) => shows(answer, departure)))
    .map(({ of, at, name }) => `${of}: ${at} ${name}`);
}

// One name of one endpoint each; `fit` is the value that would have to be there.
const departures = DEPARTURES.flatMap(({ of, status = 200, at, extra = [], missing = {}, reason }) => {
  const names = [...extra.map((name) => ({ name })), ...Object.entries(missing).map(([name, fit]) => ({ name, fit }))];
  return of.flatMap((endpoint) => names.map((named) => ({ of: endpoint, status, at, ...named, reason })));
});

function constant(name, answer, departed, indent) {
  const body = departed.filter((departure) => isOf(answer, departure)).reduce(fitted, answer.body);
  return `export const ${name}: ${typeOf(answer)} = ${JSON.stringify(body, null, indent)};\n`;
}

/** The type that the packages have for this answer, if they have one. */
function typeOf({ status, body, ...of }) {
  const [method, path] = endpointOf(of).split(' ');
  if (status === 200) return `Success<'${method}', '${path}'>`;
  if (status === 400 && /^totp-(required|invalid)$/.test(body.errorType)) return 'Question';
  return REFUSALS_DESCRIBED.includes(status) ? `Refusal[${status}]` : undefined;
}

const isOf = (answer, { of, status }) => answer.status === status && endpointOf(answer) === of;
const shows = (answer, departure) => isOf(answer, departure) && fitted(answer.body, departure) !== answer.body;

/** The body without the departure; the same object where it has none. */
function fitted(body, { at, name, fit }) {
  const change = (value, [step, ...rest]) => {
    if (step === '[]') return replaced(value, [...value.keys()], rest);
    if (step) return step in value ? replaced(value, [step], rest) : value;
    if (name in value === (fit !== undefined)) return value;
    const { [name]: _, ...others } = value;
    return fit === undefined ? others : { ...value, [name]: fit };
  };
  const replaced = (value, keys, rest) => {
    const changed = keys.map((key) => [key, change(value[key], rest)]).filter(([key, now]) => now !== value[key]);
    return changed.length === 0 ? value : Object.assign(Array.isArray(value) ? [...value] : { ...value }, Object.fromEntries(changed));
  };
  return change(body, at.split(/\.|(?=\[])/));
}
