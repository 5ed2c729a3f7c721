'use strict';

const { rmSync } = require('node:fs');
const { createServer } = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { pack } = require('../../scripts/lib/package');
const { temporaryFolder } = require('../../scripts/lib/processes');
const { installN8n, outputOf, startN8n } = require('../e2e/n8n');
const { providers, startStandIn } = require('../stand-ins');
const { startChatModel } = require('./chatModel');
const { isOurs, readRecipe } = require('./files');

// What n8n does in a moment takes longer on a busy machine.
const WITHIN_MS = 30_000;
const HEADER_AUTH = { name: 'X-Example-Key', value: 'example-of-a-webhook-key' };
const KEY = { [HEADER_AUTH.name]: HEADER_AUTH.value };

/** Stands where a team's chat would: it keeps what it is told. */
async function startTeamChat() {
	const told = [];
	const server = createServer(async (incoming, response) => {
		const chunks = [];
		for await (const chunk of incoming) chunks.push(chunk);
		told.push(JSON.parse(Buffer.concat(chunks).toString()));
		response.end('ok');
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${server.address().port}/your-team`,
		told,
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	};
}

/** One n8n, a stand-in of each provider, a chat model and a team's chat, for all recipes. */
async function openStage() {
	await installN8n();
	const folder = temporaryFolder('examples');
	const close = [() => rmSync(folder, { recursive: true, force: true })];
	const closeAll = async () => {
		while (close.length > 0) await close.pop()();
	};
	try {
		const standIns = {};
		for (const name of providers) {
			standIns[name] = await startStandIn(name);
			close.push(() => standIns[name].close());
		}
		const chatModel = await startChatModel();
		close.push(chatModel.close);
		const teamChat = await startTeamChat();
		close.push(teamChat.close);
		const n8n = await startN8n({ tarball: await pack(folder) });
		close.push(n8n.stop);

		/** Credential type → its id in n8n. */
		const credentials = {};
		for (const { credentialType, credentials: data } of Object.values(standIns)) {
			credentials[credentialType] = await n8n.createCredential(credentialType, 'stand-in', data);
		}
		credentials.openAiApi = await n8n.createCredential('openAiApi', 'scripted model', {
			apiKey: 'example-of-a-model-key',
			url: chatModel.url,
		});
		credentials.httpHeaderAuth = await n8n.createCredential(
			'httpHeaderAuth',
			'header',
			HEADER_AUTH,
		);

		return { n8n, standIns, chatModel, teamChat, credentials, close: closeAll };
	} catch (reason) {
		await closeAll();
		throw reason;
	}
}

/** The credential types that a node of a recipe asks its user for. */
function credentialTypesOf({ type, parameters }, standIns) {
	if (isOurs({ type })) {
		const all = Object.values(standIns);
		const { credentialType } = standIns[parameters.provider] ?? {};
		return credentialType ? [credentialType] : all.map((standIn) => standIn.credentialType);
	}
	if (parameters.authentication === 'headerAuth') return ['httpHeaderAuth'];
	return type.endsWith('.lmChatOpenAi') ? ['openAiApi'] : [];
}

/**
 * A recipe as its file has it, with what its user selects: the credentials.
 * @param {string} name
 * @param {object} stage
 * @param {(nodes: Record<string, object>) => void} [fillIn] what else its notes ask for, by node name
 */
function prepareRecipe(name, { standIns, credentials }, fillIn) {
	const workflow = readRecipe(name);
	for (const node of workflow.nodes) {
		const types = credentialTypesOf(node, standIns);
		if (types.length === 0) continue;
		node.credentials = Object.fromEntries(
			types.map((type) => [type, { id: credentials[type], name: 'of the test' }]),
		);
	}
	fillIn?.(Object.fromEntries(workflow.nodes.map((node) => [node.name, node])));
	return workflow;
}

/** Imports a workflow and publishes it; gives back how to speak to it. */
async function publish(stage, workflow) {
	const { n8n } = stage;
	const created = await n8n.createWorkflow(workflow);
	await n8n.activate(created);
	let runs = 0;

	/** The address that n8n made up for a webhook: the recipe leaves its path empty. */
	const pathOf = (nodeName) => {
		const { parameters, webhookId } = created.nodes.find(({ name }) => name === nodeName);
		return parameters.path || webhookId;
	};
	const webhookUrl = (nodeName) => `${n8n.url}/webhook/${pathOf(nodeName)}`;
	/** n8n needs a moment after publishing before it listens. */
	const post = async (nodeName, { contentType, body, headers }) => {
		for (const end = Date.now() + WITHIN_MS; ;) {
			const response = await fetch(webhookUrl(nodeName), {
				method: 'POST',
				headers: { 'content-type': contentType, ...headers },
				body: encodeBody(contentType, body),
			});
			if (response.status !== 404 || Date.now() > end) return response;
			await sleep(100);
		}
	};

	return {
		...created,
		webhookUrl,
		/** Sends a provider's own event, and does not wait. */
		start: async (nodeName, event) => {
			const response = await post(nodeName, event);
			if (!response.ok) throw new Error(`The webhook answered ${response.status}`);
			runs += 1;
		},
		/** Sends a provider's own event, and waits until the workflow has dealt with it. */
		async send(nodeName, event) {
			await this.start(nodeName, event);
			return await this.lastExecution();
		},
		/** Sends JSON as an application of the user's own does, and gives back the answer. */
		ask: async (nodeName, body, { headers = KEY, contentType = 'application/json' } = {}) => {
			const response = await post(nodeName, { contentType, body, headers });
			if (response.status !== 403) runs += 1;
			const text = await response.text();
			return {
				status: response.status,
				headers: response.headers,
				body: /^[[{]/.test(text) ? JSON.parse(text) : text,
			};
		},
		/** The newest execution, once as many ended as were asked for. */
		lastExecution: async (seconds) =>
			(await n8n.waitForExecutions(created.id, runs, seconds)).at(-1),
		/** Waits until n8n has put its execution aside, in the database. */
		isWaiting: async () => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: created.id }));
			for (const end = Date.now() + WITHIN_MS; ;) {
				const { results } = await n8n.rest('GET', `/executions?filter=${filter}`);
				if (results[0]?.status === 'waiting') return;
				if (Date.now() > end) throw new Error(`The execution is ${results[0]?.status}`);
				await sleep(100);
			}
		},
		/** Runs it by hand from one of its triggers. */
		run: (trigger) => {
			runs += 1;
			return n8n.run(created, trigger);
		},
	};
}

const encodeBody = (contentType, body) =>
	contentType === 'application/json' ? JSON.stringify(body) : new URLSearchParams(body).toString();

/** Imports a recipe, fills in what its user does, and publishes it. */
const publishRecipe = (name, stage, fillIn) => publish(stage, prepareRecipe(name, stage, fillIn));

/** The items that went into a node in an execution: ours gives one out for each. */
const itemsOf = (execution, nodeName) => [
	...outputOf(execution, nodeName, 0),
	...outputOf(execution, nodeName, 1),
];

module.exports = {
	itemsOf,
	openStage,
	outputOf,
	prepareRecipe,
	publish,
	publishRecipe,
};
