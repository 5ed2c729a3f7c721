/** Runs *Check My Account* in a real n8n against a stand-in. */

import type { IDataObject } from 'n8n-workflow';
import type { Report } from '../../lib/check/report.cts';
import { outputOf, type Execution } from '../../lib/n8n/index.cts';
import type { AnyStandIn, Call } from '../../lib/stand-ins/index.cts';
import type { Workflow } from '../../../examples/src/workflows.cts';
import {
	fillIn,
	prepareRecipe,
	publish,
	type Published,
	type Stage,
	type StandIns,
} from './stage.cts';

export type Name = keyof StandIns;

/** The node that holds the report, and nothing else. */
export const LAST = 'What Came Out';
export const STREAM_URL = 'wss://media.example.com/check';
/** A stand-in's streams are up at once; in minutes. */
const SHORT_WAIT = 0.005;

/** What the user of the check does by hand. */
export interface ByHand {
	/** More fields of *Fill In*. */
	fill?: Record<string, string>;
	/** Connects a branch that is off. */
	connect?: readonly string[];
	/** Selects another credential. */
	credential?: string;
}

/** The workflow as its file has it, with what its user does. */
export function prepareCheck(
	name: Name,
	stage: Stage,
	call: Call,
	{ fill = {}, connect = [], credential }: ByHand = {},
): Workflow {
	const workflow = prepareRecipe(`check-my-account-${name.toLowerCase()}`, stage, (nodes) => {
		const field = name === 'signalWire' ? 'call_sid' : 'call_uuid';
		fillIn(nodes['Fill In'], { [field]: call.id, stream_url: STREAM_URL, ...fill });
		for (const { type, parameters, credentials } of Object.values(nodes)) {
			if (type.endsWith('.wait')) parameters.amount = SHORT_WAIT;
			for (const one of Object.values(credentials ?? {})) one.id = credential ?? one.id;
		}
	});
	const outputs = workflow.connections['Branches Begin Here']?.main?.[0];
	for (const node of connect) outputs?.push({ node, type: 'main', index: 0 });
	return workflow;
}

/** What came out of one run. */
export interface Ran {
	published: Published;
	execution: Execution;
	/** The items of the last node, as n8n has them. */
	items: IDataObject[];
	markdown: string;
	report: Report;
}

const isReported = (
	item: IDataObject | undefined,
): item is { markdown: string; json: IDataObject } =>
	typeof item?.markdown === 'string' && typeof item.json === 'object';

/** Imports the check, and runs its second trigger. */
export async function check(name: Name, stage: Stage, call: Call, byHand?: ByHand): Promise<Ran> {
	const published = await publish(stage, prepareCheck(name, stage, call, byHand));
	const execution = await published.run('2. Check It');
	const items = outputOf(execution, LAST);
	const [item] = items;
	if (!isReported(item)) {
		const { error } = execution.data.resultData;
		throw new Error(`The check has no report: ${error?.message ?? execution.status}`);
	}
	const report: Report = JSON.parse(JSON.stringify(item.json));
	return { published, execution, items, markdown: item.markdown, report };
}

/** What each step said: its verdict, or why it was not tried. */
export const verdictsOf = ({ report }: Ran): Record<string, string> =>
	Object.fromEntries(
		report.entries.map(({ step, verdict, reason }) => [
			step,
			reason === undefined ? verdict : `${verdict}: ${reason}`,
		]),
	);

/** What of the check's own still runs. */
export const leftOf = (standIn: AnyStandIn, call: Call): string[] =>
	standIn
		.streams()
		.filter(({ callId, running }) => running && callId === call.id)
		.map(({ id }) => id);
