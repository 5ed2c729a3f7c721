/** Every workflow of `examples/`, by the name of its file. */

import path from 'node:path';
import { aiAgent } from './aiAgent.cts';
import { answer } from './answer.cts';
import { checkMyAccount } from './checkMyAccount.cts';
import { ALL_CARRIERS, CARRIERS, type Carrier } from './common.cts';
import { documentServer } from './documentServer.cts';
import { everythingOff } from './everythingOff.cts';
import { handOver } from './handOver.cts';
import { pauseAndResume } from './pauseAndResume.cts';
import { privatePart } from './privatePart.cts';
import { swml } from './swml.cts';
import { tellTheTeam } from './tellTheTeam.cts';
import { timeLimit } from './timeLimit.cts';
import type { Workflow } from './workflows.cts';

const ofEachCarrier = (
	name: string,
	make: (carrier: Carrier) => Workflow,
	carriers: readonly Carrier[] = ALL_CARRIERS,
): Array<[string, Workflow]> =>
	carriers.map((carrier) => [`${name}-${carrier.file}`, make(carrier)]);

/** Where streams can be read, and all of a call's be stopped. */
const WITH_LISTS = [CARRIERS.plivo, CARRIERS.vobiz];

/** They try a provider, and are no recipes. */
export const CHECKS: ReadonlyMap<string, Workflow> = new Map(
	ofEachCarrier('check-my-account', checkMyAccount),
);

/** Every workflow, most of them once for each provider. */
export const WORKFLOWS: ReadonlyMap<string, Workflow> = new Map([
	...ofEachCarrier('pause-and-resume', pauseAndResume),
	...ofEachCarrier('answer', answer),
	...ofEachCarrier('time-limit', timeLimit),
	...ofEachCarrier('hand-over', handOver),
	...ofEachCarrier('private-part', privatePart, WITH_LISTS),
	...ofEachCarrier('everything-off', everythingOff, WITH_LISTS),
	['swml-signalwire', swml()],
	['document-server-signalwire', documentServer()],
	['ai-agent', aiAgent()],
	['failures-to-team', tellTheTeam()],
	...CHECKS,
]);

export const FOLDER = path.resolve(__dirname, '..');

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
