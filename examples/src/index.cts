/** Every workflow of `examples/`, by the name of its file. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkMyAccount } from './checkMyAccount.cts';
import { ALL_CARRIERS, type Carrier } from './common.cts';
import {
	everythingOff,
	handOverAgent,
	handOverFork,
	privatePart,
	stopAndHangUp,
	sweep,
} from './duringTheCall.cts';
import { answer, onHangUp, timeLimit } from './startAndEnd.cts';
import type { Workflow } from './workflows.cts';

const ofEachCarrier = (
	name: string,
	make: (carrier: Carrier) => Workflow,
): Array<[string, Workflow]> =>
	ALL_CARRIERS.map((carrier) => [`${name}-${carrier.file}`, make(carrier)]);

/** They try a provider, and are no recipes. */
export const CHECKS: ReadonlyMap<string, Workflow> = new Map(
	ofEachCarrier('check-my-account', checkMyAccount),
);

/** The workflows that are made here, most of them once for each provider. */
export const MADE: ReadonlyMap<string, Workflow> = new Map([
	...ofEachCarrier('answer', answer),
	...ofEachCarrier('timeout', timeLimit),
	...ofEachCarrier('hang-up', onHangUp),
	...ofEachCarrier('hand-over-transcription', handOverFork),
	...ofEachCarrier('hand-over-voice-agent', handOverAgent),
	...ofEachCarrier('private-part', privatePart),
	...ofEachCarrier('everything-off', everythingOff),
	...ofEachCarrier('stop-and-hang-up', stopAndHangUp),
	...CHECKS,
	['sweep-signalwire', sweep()],
]);

export const FOLDER = path.resolve(__dirname, '..');

const parse = (file: string): Workflow =>
	JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Workflow;

/** The workflows whose files are kept by hand: all that are not made. */
const keptByHand = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json') && !MADE.has(path.basename(file, '.json')))
	.map((file): [string, Workflow] => [path.basename(file, '.json'), parse(file)]);

export const WORKFLOWS: ReadonlyMap<string, Workflow> = new Map([...MADE, ...keptByHand]);

/** The workflows that do a user's work: all but *Check My Account*. */
export const RECIPES: ReadonlyMap<string, Workflow> = new Map(
	[...WORKFLOWS].filter(([name]) => !CHECKS.has(name)),
);

/** A workflow as its file holds it. */
export const fileOf = (made: Workflow): string => `${JSON.stringify(made, null, '\t')}\n`;

const CANVASES = /(<!-- canvases -->\n)[^]*?(<!-- \/canvases -->)/;

/** The page of recipes, with the picture of every canvas. */
export function withCanvases(page: string): string {
	const pictures = [...RECIPES].map(
		([name, recipe]) =>
			`### ${recipe.name}\n\n![The canvas of ${name}.json: its notes and its nodes](../docs/pictures/canvas-${name}.png)\n`,
	);
	return page.replace(CANVASES, (_all, begin: string, end: string) =>
		[begin, pictures.join('\n'), end].join('\n'),
	);
}
