'use strict';

const path = require('node:path');
const { CREDENTIAL, FIELDS, NODE, OUTPUT, TESTED, mark } = require('../../test/browser/editor');
const { PICTURES, canvas, recipes } = require('./inputs');
const { CALL, STREAM, TYPES, oneRun, panels, recipe } = require('./workflows');

const NORMAL = { width: 1280, height: 800 };
const TALL = { width: 1280, height: 1100 };
const WIDE = { width: 2300, height: 900 };
const CANVAS = { width: 1280, height: 1100 };
const MARGIN = 24;

// What lies above the canvas and belongs to the editor.
const ABOVE_THE_CANVAS = [
	mark('canvas-controls'),
	mark('logs-panel'),
	mark('node-creator-plus-button'),
	mark('command-bar-button'),
	mark('add-sticky-button'),
	mark('toggle-focus-panel-button'),
	mark('radio-button-workflow'),
	'.n8n-segment-control',
	'button:not(.vue-flow button)',
];

const ADDRESSES = {
	signalWire: { spaceUrl: 'example.signalwire.com' },
	plivo: { baseUrl: 'https://api.plivo.com' },
	vobiz: { baseUrl: 'https://api.vobiz.ai' },
};

/** Everything that the workflows use; none of it is real. */
async function makeCredentials(n8n, standIns) {
	const labels = {
		signalWire: 'SignalWire account',
		plivo: 'Plivo account',
		vobiz: 'Vobiz account',
	};
	const wanted = [
		...Object.entries(standIns).map(([provider, { credentials }]) => ({
			type: TYPES[provider],
			name: labels[provider],
			data: { ...credentials, ...ADDRESSES[provider] },
		})),
		{
			type: 'httpHeaderAuth',
			name: 'Header of the sender',
			data: { name: 'X-Example', value: 'example' },
		},
		{ type: 'openAiApi', name: 'OpenAI account', data: { apiKey: 'example' } },
	];
	const made = {};
	for (const { type, name, data } of wanted) {
		made[type] = { id: await n8n.createCredential(type, name, data), name };
	}
	const wrong = 'Plivo account with a wrong token';
	const data = {
		...standIns.plivo.credentials,
		...ADDRESSES.plivo,
		authToken: 'example-of-a-wrong-token',
	};
	return {
		...made,
		wrong: { id: await n8n.createCredential(TYPES.plivo, wrong, data), name: wrong },
	};
}

/** Where `selectors` are on the screen, together. */
async function around(page, ...selectors) {
	const boxes = [];
	for (const selector of selectors) {
		for (const one of await page.locator(selector).filter({ visible: true }).all()) {
			boxes.push(await one.boundingBox());
		}
	}
	const left = Math.min(...boxes.map(({ x }) => x));
	const top = Math.min(...boxes.map(({ y }) => y));
	const right = Math.max(...boxes.map(({ x, width }) => x + width));
	const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
	return { left, top, right, bottom };
}

/**
 * Takes every picture, except canvases that are to be kept.
 * @param {{keep: Set<string>}} options `keep`: the files of canvases that need not be taken again
 * @returns what the pictures of a run show
 */
async function takePictures({ n8n, editor, standIns, keep }) {
	const { page } = editor;
	const credentials = await makeCredentials(n8n, standIns);
	const tokens = Object.values(standIns).flatMap((standIn) =>
		Object.entries(standIn.credentials).flatMap(([name, value]) =>
			/token/i.test(name) ? value : [],
		),
	);

	const save = async (file, { left, top, right, bottom }) => {
		const text = await editor.look();
		if (tokens.some((token) => text.includes(token))) {
			throw new Error(`A token could be read in '${file}'.`);
		}
		await page.screenshot({
			path: path.join(PICTURES, file),
			clip: { x: left, y: top, width: right - left, height: bottom - top },
			animations: 'disabled',
		});
	};
	/** Without the messages that come and go, and with the pointer where it lights up nothing. */
	const settle = async () => {
		await page.mouse.move(2, 400);
		await page.addStyleTag({
			content: `.el-notification { display: none !important; }
				.el-overlay { background: #fff !important; }`,
		});
		await page.waitForTimeout(1_000);
	};
	const size = (wanted) => page.setViewportSize(wanted);

	await editor.signIn();

	// The nodes panel
	const { id } = await n8n.createWorkflow(panels(credentials));
	await editor.openWorkflow(id);
	await editor.searchNodes('stop audio');
	await settle();
	const panel = await around(page, mark('nodes-list-header'), mark('search-bar'));
	const item = await around(page, mark('item-iterator-item'));
	await save('nodes-panel.png', { ...panel, bottom: item.bottom + MARGIN });

	// The node's panels
	await size(TALL);
	for (const { name } of panels(credentials).nodes.slice(1)) {
		await editor.openWorkflow(id);
		await editor.openNode(name);
		await settle();
		const middle = await around(
			page,
			...[mark('tab-params'), mark('node-execute-button'), FIELDS].map((one) => `${NODE} ${one}`),
		);
		const last = await around(page, `${NODE} ${mark('collection-parameter-add')}`);
		await save(`${name}.png`, { ...middle, top: middle.top - 6, bottom: last.bottom + MARGIN });
	}

	// The credentials
	await size(NORMAL);
	for (const [provider, type] of Object.entries(TYPES)) {
		await editor.openCredential(credentials[type].id);
		const text = await editor.credentialTest();
		if (!text.includes(TESTED)) throw new Error(`n8n says of '${provider}': ${text}`);
		await settle();
		const form = await around(page, CREDENTIAL);
		await save(`credential-${provider.toLowerCase()}.png`, form);
	}

	// A run
	await size(WIDE);
	const call = standIns.plivo.addCall({ id: CALL });
	standIns.plivo.startStream(call.id, { id: STREAM });
	const run = async (name, credential) => {
		const made = await n8n.createWorkflow(oneRun(name, credential));
		await editor.openWorkflow(made.id);
		await editor.openNode('Stop Audio Stream');
		await editor.run();
	};
	await run('Failure', credentials.wrong);
	const { what, todo } = await editor.failure();
	// n8n adds to the sentence which item it was.
	const failure = { what: what.replace(/ \[item \d+\]$/, ''), todo };
	await settle();
	const details = await around(page, `${OUTPUT} .node-error-view__info`);
	const pane = await around(page, OUTPUT);
	await save('failure.png', { ...pane, bottom: details.bottom + MARGIN });

	await run('Output', credentials[TYPES.plivo]);
	const output = await editor.output();
	await settle();
	const table = await around(page, `${OUTPUT} table`);
	await save('output.png', { ...(await around(page, OUTPUT)), bottom: table.bottom + MARGIN });

	// The recipes
	await size(CANVAS);
	for (const name of recipes().filter((one) => !keep.has(canvas(one)))) {
		const made = await n8n.createWorkflow(recipe(name, credentials));
		await editor.openWorkflow(made.id);
		await page.click(mark('zoom-to-fit'));
		await page.addStyleTag({
			content: `${ABOVE_THE_CANVAS.join()} { visibility: hidden !important; }`,
		});
		await settle();
		const all = await around(page, `${mark('canvas')} .vue-flow__node`);
		await save(canvas(name), {
			left: Math.max(0, all.left - 2 * MARGIN),
			top: Math.max(0, all.top - MARGIN),
			// Names are wider than their nodes and stand below them.
			right: all.right + 3 * MARGIN,
			bottom: all.bottom + 3 * MARGIN,
		});
	}
	return { output, failure };
}

module.exports = { takePictures };
