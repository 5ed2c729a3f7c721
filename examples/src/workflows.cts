/**
 * n8n workflows from short descriptions: the recipes are made of these, and so are the workflows that tests,
 * scripts and benchmarks run.
 */

import { layOut, type Note } from './canvas.cts';
import type {
	IConnections,
	IDataObject,
	INode,
	INodeParameters,
	IPinData,
	IWorkflowSettings,
	NodeConnectionType,
} from 'n8n-workflow';

export type Values = INodeParameters;

type OnError = 'continueRegularOutput' | 'continueErrorOutput';

/** A node as n8n's files hold it. */
export type WorkflowNode = INode;

/** A workflow as n8n's files hold it. */
export interface Workflow {
	name: string;
	nodes: WorkflowNode[];
	connections: IConnections;
	settings: IWorkflowSettings;
	/** What a node gives out in the editor in place of running. */
	pinData?: IPinData;
}

/** A node without its place on the canvas. */
export type Unplaced = Omit<WorkflowNode, 'id' | 'position'>;

/** `[from, to]`, from the first output; or from another output, or to an agent's own input. */
export type Flow = readonly [from: string, to: string, output?: number, type?: NodeConnectionType];

export const NODE_TYPE = 'n8n-nodes-stop-audio-stream.stopAudioStream';

const idOf = (name: string): string =>
	name
		.toLowerCase()
		.replaceAll(/[^a-z0-9]+/g, '-')
		.replaceAll(/^-|-$/g, '');

/** What a workflow is made of. */
export interface Plan {
	name: string;
	notes?: readonly Note[];
	/** Each row of the canvas holds nodes from left to right; `undefined` leaves a place free. */
	rows: ReadonlyArray<ReadonlyArray<Unplaced | undefined>>;
	flows: readonly Flow[];
	/** Keeps no successful execution: the items of its webhooks hold a password or a token. */
	keepsNoSuccess?: boolean;
	/** Events that a person can try it with in the editor, by the webhook that would get them. */
	samples?: Record<string, IDataObject>;
}

/** Puts nodes on a canvas and connects them. */
export function workflow({
	name,
	notes = [],
	rows,
	flows,
	keepsNoSuccess = false,
	samples,
}: Plan): Workflow {
	const canvas = layOut(rows, notes);
	const placed = canvas.nodes.map(
		({ node: { name: nodeName, type, typeVersion, ...rest }, position }) => ({
			id: idOf(nodeName),
			name: nodeName,
			type,
			typeVersion,
			position,
			...rest,
		}),
	);
	const stickyNotes = canvas.notes.map(({ name: noteName, position, ...parameters }, i) => ({
		id: idOf(noteName),
		name: noteName,
		type: 'n8n-nodes-base.stickyNote',
		typeVersion: 1,
		position,
		parameters: { ...parameters, color: i === 0 ? 7 : 4 },
	}));
	const connections: Workflow['connections'] = {};
	for (const [from, to, output = 0, type = 'main'] of flows) {
		const outputs = ((connections[from] ??= {})[type] ??= []);
		while (outputs.length <= output) outputs.push([]);
		outputs[output]?.push({ node: to, type, index: 0 });
	}
	return {
		name,
		nodes: [...stickyNotes, ...placed],
		connections,
		settings: {
			executionOrder: 'v1',
			...(keepsNoSuccess && { saveDataSuccessExecution: 'none' }),
		},
		...(samples && {
			pinData: Object.fromEntries(
				Object.entries(samples).map(([webhookName, json]) => [webhookName, [{ json }]]),
			),
		}),
	};
}

/** Places of a row that stay free. */
export const gap = (count: number): undefined[] => Array.from({ length: count }, () => undefined);

/** Connects nodes one behind the other. */
export const chain = (...names: string[]): Flow[] =>
	names.slice(1).map((name, i): Flow => [names[i] ?? '', name]);

/** A workflow of nodes one behind the other. */
export const inARow = (name: string, ...nodes: Unplaced[]): Workflow =>
	workflow({ name, rows: [nodes], flows: chain(...nodes.map((one) => one.name)) });

/** Any other node. */
export const node = (
	name: string,
	type: string,
	typeVersion: number,
	parameters: Values,
	more: Partial<Unplaced> = {},
): Unplaced => ({ name, type, typeVersion, parameters, ...more });

interface WebhookOptions {
	methods?: readonly ['GET', 'POST'];
	/** What a caller must bring; without it, the URL alone is the lock. */
	lock?: 'basicAuth' | 'headerAuth';
	responseMode?: 'onReceived' | 'responseNode' | 'lastNode';
	/** One answer for each item, if the last node answers. */
	allEntries?: true;
	/** An n8n expression: requests for which it is false cost no execution. */
	onlyRunIf?: string;
	path?: string;
}

/** A webhook; n8n's editor makes up its URL when the workflow is imported. */
export const webhook = (
	name: string,
	{
		methods,
		lock,
		responseMode = 'onReceived',
		allEntries,
		onlyRunIf,
		path = '',
	}: WebhookOptions = {},
): Unplaced =>
	node(name, 'n8n-nodes-base.webhook', 2, {
		...(methods ? { multipleMethods: true, httpMethod: [...methods] } : { httpMethod: 'POST' }),
		path,
		...(lock && { authentication: lock }),
		responseMode,
		...(allEntries && { responseData: 'allEntries' }),
		options: { ...(onlyRunIf !== undefined && { onlyRunIf: `={{ ${onlyRunIf} }}` }) },
	});

/** One condition of a Filter, IF or Switch node: two texts that are equal, or an expression that is true. */
export type Condition = readonly [left: string, right: string] | string;

const conditions = (list: readonly Condition[], combinator: 'and' | 'or'): Values => ({
	options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
	conditions: list.map((one, i): Values =>
		typeof one === 'string'
			? {
					id: `condition-${i + 1}`,
					leftValue: `={{ ${one} }}`,
					rightValue: '',
					operator: { type: 'boolean', operation: 'true', singleValue: true },
				}
			: {
					id: `condition-${i + 1}`,
					leftValue: `={{ ${one[0]} }}`,
					rightValue: one[1],
					operator: { type: 'string', operation: 'equals' },
				},
	),
	combinator,
});

/** Lets items through for which one of the conditions is true. */
export const filter = (name: string, ...any: Condition[]): Unplaced =>
	node(name, 'n8n-nodes-base.filter', 2.2, { conditions: conditions(any, 'or'), options: {} });

/** Its first output takes items for which all conditions are true, its second the others. */
export const ifNode = (name: string, ...all: Condition[]): Unplaced =>
	node(name, 'n8n-nodes-base.if', 2.2, { conditions: conditions(all, 'and'), options: {} });

/** One output for each entry, in order; its conditions are alternatives. The last, `otherwise`, takes all else. */
export const switchNode = (
	name: string,
	outputs: Record<string, readonly Condition[]>,
	otherwise?: string,
): Unplaced =>
	node(name, 'n8n-nodes-base.switch', 3.2, {
		rules: {
			values: Object.entries(outputs).map(([outputKey, any]) => ({
				conditions: conditions(any, 'or'),
				renameOutput: true,
				outputKey,
			})),
		},
		options: {
			...(otherwise && { fallbackOutput: 'extra', renameFallbackOutput: otherwise }),
		},
	});

/** Writes items anew: the fields that are listed, and nothing else. */
export const setNode = (name: string, fields: Record<string, string | number>): Unplaced =>
	node(name, 'n8n-nodes-base.set', 3.4, {
		assignments: {
			assignments: Object.entries(fields).map(([field, value]) => ({
				id: idOf(field),
				name: field,
				value,
				type: typeof value,
			})),
		},
		options: {},
	});

/** Our node. */
export const stopNode = (
	name: string,
	{ options = {}, ...parameters }: Values,
	onError?: OnError,
): Unplaced => node(name, NODE_TYPE, 1, { ...parameters, options }, onError && { onError });

interface HttpOptions {
	method?: 'GET' | 'POST' | 'DELETE';
	url: string;
	/** A credential type of this package. */
	credential?: string;
	form?: Record<string, string>;
	/** An expression that yields a form as text: which fields it has is known only when it runs. */
	formText?: string;
	/** An expression that yields a value to be sent as JSON. */
	json?: string;
	query?: Record<string, string>;
	options?: Values;
	onError?: OnError;
	/** How often it is sent again if it failed: only what does no harm twice. */
	retries?: number;
	executeOnce?: true;
}

const pairs = (fields: Record<string, string>): Values => ({
	parameters: Object.entries(fields).map(([name, value]) => ({ name, value })),
});

export const http = (
	name: string,
	{
		method = 'GET',
		url,
		credential,
		form,
		formText,
		json,
		query,
		options = {},
		onError,
		retries,
		executeOnce,
	}: HttpOptions,
): Unplaced =>
	node(
		name,
		'n8n-nodes-base.httpRequest',
		4.2,
		{
			method,
			url,
			...(credential && {
				authentication: 'predefinedCredentialType',
				nodeCredentialType: credential,
			}),
			...(query && { sendQuery: true, queryParameters: pairs(query) }),
			...(form && {
				sendBody: true,
				contentType: 'form-urlencoded',
				bodyParameters: pairs(form),
			}),
			...(formText && {
				sendBody: true,
				contentType: 'form-urlencoded',
				specifyBody: 'string',
				body: `={{ ${formText} }}`,
			}),
			...(json && { sendBody: true, specifyBody: 'json', jsonBody: `={{ ${json} }}` }),
			// A credential is never carried to another URL.
			options: {
				...(credential && { redirect: { redirect: { followRedirects: false } } }),
				...options,
			},
		},
		{
			...(onError && { onError }),
			...(retries && { retryOnFail: true, maxTries: retries + 1, waitBetweenTries: 200 }),
			...(executeOnce && { executeOnce }),
		},
	);

/** Answers a webhook with JSON; both are n8n expressions. */
export const answerJson = (name: string, json: string, responseCode?: string): Unplaced =>
	node(name, 'n8n-nodes-base.respondToWebhook', 1.1, {
		respondWith: 'json',
		responseBody: `={{ JSON.stringify(${json}) }}`,
		options: { ...(responseCode && { responseCode: `={{ ${responseCode} }}` }) },
	});

/** Answers a webhook with XML. */
export const answerXml = (name: string, document: string): Unplaced =>
	node(name, 'n8n-nodes-base.respondToWebhook', 1.1, {
		respondWith: 'text',
		responseBody: document,
		options: {
			responseHeaders: {
				entries: [{ name: 'Content-Type', value: 'text/xml; charset=utf-8' }],
			},
		},
	});

export const waitMinutes = (name: string, amount: string | number): Unplaced =>
	node(name, 'n8n-nodes-base.wait', 1.1, { resume: 'timeInterval', amount, unit: 'minutes' });

export const waitSeconds = (name: string, amount: number): Unplaced =>
	node(name, 'n8n-nodes-base.wait', 1.1, { resume: 'timeInterval', amount, unit: 'seconds' });

/** Ends the execution as a failed one; `text` is an n8n expression. */
export const stopAndError = (name: string, text: string): Unplaced =>
	node(name, 'n8n-nodes-base.stopAndError', 1, { errorMessage: `={{ ${text} }}` });

export const manualTrigger = (name: string): Unplaced =>
	node(name, 'n8n-nodes-base.manualTrigger', 1, {});

/** Starts when an execution fails of a workflow that names this one in its settings. */
export const errorTrigger = (name: string): Unplaced =>
	node(name, 'n8n-nodes-base.errorTrigger', 1, {});

export const everyHour = (name: string): Unplaced =>
	node(name, 'n8n-nodes-base.scheduleTrigger', 1.2, { rule: { interval: [{ field: 'hours' }] } });

export const code = (name: string, jsCode: string): Unplaced =>
	node(name, 'n8n-nodes-base.code', 2, { jsCode });

export const splitOut = (name: string, fieldToSplitOut: string): Unplaced =>
	node(name, 'n8n-nodes-base.splitOut', 1, { fieldToSplitOut, options: {} });

/** A column, a comparison of n8n's, and a value. */
export type RowCondition = readonly [column: string, condition: string, value: string];

const rowsWhere = (where: readonly RowCondition[]): Values => ({
	matchType: 'allConditions',
	filters: {
		conditions: where.map(([keyName, condition, keyValue]) => ({ keyName, condition, keyValue })),
	},
});

/** What can be done with one data table; its columns hold texts, and `dates`. */
export const dataTable = (
	tableName: string,
	texts: readonly string[],
	dates: readonly string[] = [],
) => {
	const columns = [...texts, ...dates];
	const isDate = (column: string): boolean => dates.includes(column);
	const dataTableId = { __rl: true, mode: 'name', value: tableName };
	const table = (name: string, parameters: Values, more: Partial<Unplaced> = {}): Unplaced =>
		node(name, 'n8n-nodes-base.dataTable', 1.1, parameters, more);
	const mapped = (value: Record<string, string>): Values => ({
		mappingMode: 'defineBelow',
		value,
		matchingColumns: [],
		schema: columns.map((column) => ({
			id: column,
			displayName: column,
			required: false,
			defaultMatch: false,
			display: true,
			type: isDate(column) ? 'dateTime' : 'string',
			canBeUsedToMatch: true,
		})),
	});
	const change =
		(operation: 'update' | 'upsert') =>
		(
			name: string,
			where: readonly RowCondition[],
			value: Record<string, string>,
			more: Partial<Unplaced> = {},
		) =>
			table(
				name,
				{ operation, ...rowsWhere(where), columns: mapped(value), options: {}, dataTableId },
				more,
			);
	return {
		create: (name: string, more: Partial<Unplaced> = {}) =>
			table(
				name,
				{
					resource: 'table',
					operation: 'create',
					tableName,
					columns: {
						column: columns.map((column) => ({
							name: column,
							type: isDate(column) ? 'date' : 'string',
						})),
					},
					options: { createIfNotExists: true },
				},
				more,
			),
		insert: (name: string, value: Record<string, string>, more: Partial<Unplaced> = {}) =>
			table(name, { operation: 'insert', columns: mapped(value), options: {}, dataTableId }, more),
		update: change('update'),
		upsert: change('upsert'),
		get: (name: string, where: readonly RowCondition[], more: Partial<Unplaced> = {}) =>
			table(name, { operation: 'get', ...rowsWhere(where), returnAll: true, dataTableId }, more),
		/** Lets its items through if there is such a row. */
		ifRowExists: (name: string, where: readonly RowCondition[]) =>
			table(name, { operation: 'rowExists', ...rowsWhere(where), dataTableId }),
		delete: (name: string, where: readonly RowCondition[], more: Partial<Unplaced> = {}) =>
			table(name, { operation: 'deleteRows', ...rowsWhere(where), options: {}, dataTableId }, more),
	};
};
