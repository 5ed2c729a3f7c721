/** Runs *Check My Account* in a real n8n against a stand-in. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { IDataObject } from 'n8n-workflow';
import type { Report } from '../../lib/check/report.cts';
import type { Execution, RunningN8n, SavedWorkflow } from '../../lib/n8n/server.cts';
import { outputOf } from '../../lib/n8n/server.cts';
import type { AnyStandIn } from '../../lib/stand-ins/index.cts';
import { NODE_TYPE, type Workflow, type WorkflowNode } from '../../lib/workflows.cts';

const FOLDER = path.resolve(__dirname, '../../../examples');
const LAST = 'What Came Out';
/** A stand-in's streams are up at once; in minutes. */
const SHORT_WAIT = 0.005;

export const STREAM_URL = 'wss://media.example.com/check';

/** What the user of the check does by hand, beside the credential. */
export interface Prepared {
	/** The fields of *Fill In*. */
	fill: Record<string, string>;
	/** Connects a branch that is off. */
	connect?: readonly string[];
	/** Waits as long as the file says. */
	unhurried?: true;
	credential: string;
}

const isOurs = ({ type }: WorkflowNode): boolean => type === NODE_TYPE;

/** The file as it is, with what its user does. */
export function prepare(
	standIn: AnyStandIn,
	{ fill, connect = [], unhurried, credential }: Prepared,
): Workflow {
	const file = `check-my-account-${standIn.provider.toLowerCase()}.json`;
	const workflow = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Workflow;
	for (const node of workflow.nodes) {
		const { parameters } = node;
		if (isOurs(node) || parameters.nodeCredentialType === standIn.credentialType) {
			node.credentials = { [standIn.credentialType]: { id: credential, name: 'of the test' } };
		}
		if (node.type.endsWith('.wait') && !unhurried) parameters.amount = SHORT_WAIT;
		if (node.name === 'Fill In') {
			const { assignments } = parameters.assignments as {
				assignments: Array<{ name: string; value: string }>;
			};
			for (const one of assignments) one.value = fill[one.name] ?? one.value;
		}
	}
	const outputs = workflow.connections['Branches Begin Here']?.main?.[0];
	for (const node of connect) outputs?.push({ node, type: 'main', index: 0 });
	return workflow;
}

/** The fields that every run needs. */
export const filled = (standIn: AnyStandIn, call: string): Record<string, string> => {
	const { credentials, url, provider } = standIn;
	const common = { stream_url: STREAM_URL };
	if ('projectId' in credentials) {
		return { ...common, space_url: url, project_id: credentials.projectId, call_sid: call };
	}
	return {
		...common,
		api_url: provider === 'plivo' ? `${url}/v1` : `${url}/api/v1`,
		auth_id: credentials.authId,
		call_uuid: call,
	};
};

/** What came out of one run. */
export interface Ran {
	execution: Execution;
	items: IDataObject[];
	markdown: string;
	report: Report;
}

export async function check(n8n: RunningN8n, workflow: Workflow): Promise<Ran> {
	const saved: SavedWorkflow = await n8n.createWorkflow(workflow as never);
	const execution = await n8n.run(saved, '2. Check It');
	const items = outputOf(execution, LAST);
	const [item] = items as Array<{ markdown: string; json: Report }>;
	if (!item) {
		const { error } = execution.data.resultData;
		throw new Error(`The check has no report: ${error?.message ?? execution.status}`);
	}
	return { execution, items, markdown: item.markdown, report: item.json };
}
