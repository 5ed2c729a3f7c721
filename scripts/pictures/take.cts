// The way through n8n's editor on which the pictures are taken.

import path from 'node:path';
import type { Page } from 'playwright-core';
import {
	CREDENTIAL,
	FIELDS,
	mark,
	NODE,
	OUTPUT,
	type Editor,
} from '../../test/layers/browser/editor.cts';
import type { RunningN8n } from '../../test/lib/n8n/index.cts';
import { RECIPES } from '../../examples/src/index.cts';
import type { Workflow } from '../../examples/src/workflows.cts';
import type {
	PlivoStandIn,
	SignalWireStandIn,
	VobizStandIn,
} from '../../test/lib/stand-ins/index.cts';
import { BUILD_IT_YOURSELF, canvas, PICTURES, type RunShown } from './manifest.cts';
import { CALL, oneRun, PANEL_NAMES, panels, STREAM, TYPES, withCredentials } from './workflows.cts';

const NORMAL = { width: 1280, height: 800 };
const TALL = { width: 1280, height: 1100 };
const WIDE = { width: 2300, height: 900 };
const MARGIN = 24;

// What the editor shows above the canvas.
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

/** Where the pictures are taken. */
export interface Studio {
	n8n: RunningN8n;
	editor: Editor;
	standIns: { signalWire: SignalWireStandIn; plivo: PlivoStandIn; vobiz: VobizStandIn };
	/** The files of canvases that need not be taken again. */
	keep: ReadonlySet<string>;
}

interface Area {
	left: number;
	top: number;
	right: number;
	bottom: number;
}

interface Made {
	id: string;
	name: string;
}

/**
 * What the credentials' forms and the nodes hold; none of it is real. The URLs are the providers' own, so that
 * people recognise them; nothing is sent with them.
 */
async function shownCredentials({ n8n, standIns }: Studio): Promise<Record<string, Made>> {
	const { signalWire, plivo, vobiz } = standIns;
	const space = { ...signalWire.credentials, spaceUrl: 'example.signalwire.com' };
	const wanted: Array<[type: string, name: string, data: Record<string, string>]> = [
		[TYPES.signalWire, 'SignalWire account', space],
		[TYPES.plivo, 'Plivo account', { ...plivo.credentials, baseUrl: 'https://api.plivo.com' }],
		[TYPES.vobiz, 'Vobiz account', { ...vobiz.credentials, baseUrl: 'https://api.vobiz.ai' }],
		['httpBasicAuth', 'Login of the sender', { user: 'example', password: 'example' }],
		['httpHeaderAuth', 'Header of the sender', { name: 'X-Example', value: 'example' }],
		['openAiApi', 'OpenAI account', { apiKey: 'example' }],
	];
	const made: Record<string, Made> = {};
	for (const [type, name, data] of wanted) {
		made[type] = { id: await n8n.createCredential(type, name, data), name };
	}
	return made;
}

/** Where `selectors` are on the screen, together. */
async function around(page: Page, ...selectors: string[]): Promise<Area> {
	const boxes: Area[] = [];
	for (const selector of selectors) {
		for (const one of await page.locator(selector).filter({ visible: true }).all()) {
			const box = await one.boundingBox();
			if (box === null) continue;
			const { x, y, width, height } = box;
			boxes.push({ left: x, top: y, right: x + width, bottom: y + height });
		}
	}
	if (boxes.length === 0) throw new Error(`The screen shows none of ${selectors.join(', ')}.`);
	return {
		left: Math.min(...boxes.map(({ left }) => left)),
		top: Math.min(...boxes.map(({ top }) => top)),
		right: Math.max(...boxes.map(({ right }) => right)),
		bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
	};
}

/** Takes every picture, except canvases that are to be kept. */
export async function takePictures(studio: Studio): Promise<RunShown> {
	const { n8n, editor, standIns, keep } = studio;
	const { page } = editor;
	const credentials = await shownCredentials(studio);
	const tokens = Object.values(standIns).flatMap((standIn) =>
		Object.entries(standIn.credentials).flatMap(([name, value]) =>
			/token|secret/i.test(name) ? [value] : [],
		),
	);

	const save = async (file: string, { left, top, right, bottom }: Area): Promise<void> => {
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
	const settle = async (): Promise<void> => {
		await page.mouse.move(2, 400);
		await page.addStyleTag({
			content: `.el-notification { display: none !important; }
				.el-overlay { background: #fff !important; }`,
		});
		await page.waitForTimeout(1_000);
	};

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
	await page.setViewportSize(TALL);
	for (const name of PANEL_NAMES) {
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

	// The credentials: their fields alone, since n8n tries the connection, and there is none
	await page.setViewportSize(NORMAL);
	for (const [provider, type] of Object.entries(TYPES)) {
		await editor.openCredential(credentials[type]?.id ?? '');
		await editor.credentialTest();
		await settle();
		const fields = await around(page, `${CREDENTIAL} ${mark('credential-connection-parameter')}`);
		await save(`credential-${provider.toLowerCase()}.png`, {
			left: fields.left - MARGIN,
			top: fields.top - MARGIN,
			right: fields.right + MARGIN,
			bottom: fields.bottom + MARGIN,
		});
	}

	// A run at a stand-in, whose URL the panel does not show
	await page.setViewportSize(WIDE);
	const call = standIns.plivo.addCall({ id: CALL });
	standIns.plivo.startStream(call.id, { id: STREAM });
	const run = async (name: string, more: Record<string, string>): Promise<void> => {
		const account = 'Plivo account';
		const data = { ...standIns.plivo.credentials, ...more };
		const made = { id: await n8n.createCredential(TYPES.plivo, account, data), name: account };
		const saved = await n8n.createWorkflow(oneRun(name, made));
		await editor.openWorkflow(saved.id);
		await editor.openNode('Stop Audio Stream');
		await editor.run();
	};
	await run('Failure', { authToken: 'example-of-a-wrong-token' });
	const { what, todo } = await editor.failure();
	// n8n adds to the sentence which item it was.
	const failure = { what: what.replace(/ \[item \d+\]$/, ''), todo };
	await settle();
	const details = await around(page, `${OUTPUT} .node-error-view__info`);
	const pane = await around(page, OUTPUT);
	await save('failure.png', { ...pane, bottom: details.bottom + MARGIN });

	await run('Output', {});
	const output = await editor.output();
	await settle();
	const table = await around(page, `${OUTPUT} table`);
	await save('output.png', { ...(await around(page, OUTPUT)), bottom: table.bottom + MARGIN });

	// The canvases
	await page.setViewportSize(TALL);
	const canvases = [...RECIPES].map(([name, made]): [string, Workflow] => [canvas(name), made]);
	for (const [file, made] of [
		['build-it-yourself.png', BUILD_IT_YOURSELF] as const,
		...canvases.filter(([one]) => !keep.has(one)),
	]) {
		const saved = await n8n.createWorkflow(withCredentials(made, credentials));
		await editor.openWorkflow(saved.id);
		await page.click(mark('zoom-to-fit'));
		await page.addStyleTag({
			content: `${ABOVE_THE_CANVAS.join()} { visibility: hidden !important; }`,
		});
		await settle();
		const all = await around(page, `${mark('canvas')} .vue-flow__node`);
		await save(file, {
			left: Math.max(0, all.left - 2 * MARGIN),
			top: Math.max(0, all.top - MARGIN),
			// Names are wider than their nodes and stand below them.
			right: all.right + 3 * MARGIN,
			bottom: all.bottom + 3 * MARGIN,
		});
	}
	return { output, failure };
}
