/** Every recipe: the name of its file in `examples/`, and what makes it. */

import type { Workflow } from '../workflows.cts';
import { aiAgent, documentServer, failuresToTeam, mixedCarriers } from './agents.cts';
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
import { answer, onHangUp, swml, timeLimit } from './startAndEnd.cts';

const ofEachCarrier = (
	name: string,
	make: (carrier: Carrier) => Workflow,
): Array<[string, Workflow]> =>
	ALL_CARRIERS.map((carrier) => [`${name}-${carrier.file}`, make(carrier)]);

export const RECIPES: ReadonlyMap<string, Workflow> = new Map([
	...ofEachCarrier('answer', answer),
	...ofEachCarrier('timeout', timeLimit),
	...ofEachCarrier('hang-up', onHangUp),
	...ofEachCarrier('hand-over-transcription', handOverFork),
	...ofEachCarrier('hand-over-voice-agent', handOverAgent),
	...ofEachCarrier('private-part', privatePart),
	...ofEachCarrier('everything-off', everythingOff),
	...ofEachCarrier('stop-and-hang-up', stopAndHangUp),
	...ofEachCarrier('check-my-account', checkMyAccount),
	['sweep-signalwire', sweep()],
	['swml-signalwire', swml()],
	['ai-agent', aiAgent()],
	['document-server-signalwire', documentServer()],
	['failures-to-team', failuresToTeam()],
	['mixed-carriers', mixedCarriers()],
]);

/** A recipe as its file holds it. */
export const fileOf = (recipe: Workflow): string => `${JSON.stringify(recipe, null, '\t')}\n`;

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
