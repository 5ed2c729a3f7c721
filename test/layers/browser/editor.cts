// What a page runs for us sees the browser's own names.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

// What a person does in n8n's editor, as steps for tests and pictures. Fields are found by the words on the
// screen, and every step waits for what a person would wait for.

import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

import type { RunningN8n } from '../../lib/n8n/index.cts';
import { findChromium } from './chromium.cts';

const SIZE = { width: 1280, height: 800 };
const FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];
// An idle machine needs a second or two for the slowest step; a busy one has been seen to take half a minute.
const PATIENCE_MS = 90_000;
const SETTLE_MS = 400;
/** After so long, a step that is tried again is tried once more. */
const TRY = { timeout: 3_000 };

/** n8n marks what it shows with `data-test-id`. */
export const mark = (name: string) => `[data-test-id="${name}"]`;
export const NODE = mark('ndv');
export const FIELDS = mark('node-parameters');
export const OUTPUT = mark('output-panel');
export const CREDENTIAL = mark('editCredential-modal');
const ANY_CREDENTIAL = '[data-test-id^="node-credentials-select-item-"]';
const FOUND = mark('item-iterator-item');
const OPTION = mark('collection-parameter-option');
export const TESTED = 'Connection tested successfully';
export const NOT_TESTED = 'Couldn’t connect with these settings';

/** The n8n that an editor belongs to. */
type Server = Pick<RunningN8n, 'url' | 'owner'>;

const onCanvas = (name: string) => `${mark('canvas-node')}[data-node-name="${name}"]`;
const firstLine = (text: string) => text.split('\n')[0] ?? '';

/** A note on the canvas, as the screen shows it. */
interface ShownNote {
	/** The size of its smallest text, in px. */
	smallestPx: number;
	/** Whether all of its text is inside. */
	isWhole: boolean;
}

/** Opens n8n's editor in a browser without a screen; `scale`: pixels per point. */
export async function openEditor(n8n: Server, { scale = 1 } = {}): Promise<Editor> {
	const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
	try {
		const context = await browser.newContext({
			viewport: SIZE,
			deviceScaleFactor: scale,
			locale: 'en-US',
			colorScheme: 'light',
			reducedMotion: 'reduce',
		});
		context.setDefaultTimeout(PATIENCE_MS);
		// The editor would load videos and news; nothing here may depend on the network.
		await context.route(
			({ origin }) => origin !== n8n.url,
			(route) => route.abort(),
		);
		return new Editor(n8n, browser, await context.newPage());
	} catch (reason) {
		await browser.close();
		throw reason;
	}
}

/** The editor, and what was to be read in it. */
export class Editor {
	/** What could be read on the screen, after each step. */
	readonly seen: string[] = [];

	constructor(
		private readonly n8n: Server,
		private readonly browser: Browser,
		readonly page: Page,
	) {}

	async close() {
		await this.browser.close();
	}

	/** Keeps the words on the screen: all text, and the values of fields that do not hide theirs. */
	async look() {
		const text = await this.page.evaluate(() =>
			[
				document.body.innerText,
				...[
					...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
						'input:not([type="password"]), textarea',
					),
				].map(({ value }) => value),
			].join('\n'),
		);
		this.seen.push(text);
		return text;
	}

	async signIn() {
		const { page, n8n } = this;
		await page.goto(`${n8n.url}/signin`);
		await page.fill('input[name=emailOrLdapLoginId]', n8n.owner.email);
		await page.fill('input[name=password]', n8n.owner.password);
		await page.click(mark('form-submit-button'));
		await page.waitForURL(({ pathname }) => !pathname.startsWith('/signin'));
		await page.waitForSelector(mark('main-sidebar-settings'));
	}

	// The canvas

	async newWorkflow() {
		const { page } = this;
		const before = page.url();
		if (!before.includes('/workflow/') || (await page.locator(NODE).isVisible())) {
			await page.goto(`${this.n8n.url}/workflow/new`);
		} else {
			// From a canvas by the menu: loading the whole editor anew takes ten times as long.
			await this.#again(async () => {
				await page.locator(mark('universal-add')).first().click(TRY);
				await page.getByRole('menuitem', { name: 'New workflow' }).first().click(TRY);
			});
			await page.waitForURL((url) => url.href !== before && url.pathname.startsWith('/workflow/'));
		}
		await page.waitForSelector(mark('canvas-plus-button'));
	}

	async openWorkflow(id: string) {
		await this.page.goto(`${this.n8n.url}/workflow/${id}`);
		await this.page.waitForSelector(mark('canvas-node'));
	}

	/** Imports a file by the menu of a new workflow. @returns the id under which n8n saves it, by itself and a little later */
	async importFile(file: string) {
		const { page } = this;
		await this.newWorkflow();
		const item = (name: string) => page.locator(mark(`workflow-menu-item-${name}`));
		const chooser = await this.#again(async () => {
			if (!(await item('import').isVisible()))
				await page.locator(mark('workflow-menu')).first().click(TRY);
			await item('import').hover(TRY);
			const asked = page.waitForEvent('filechooser', TRY);
			await Promise.all([asked, item('import-from-file').click(TRY)]);
			return await asked;
		});
		await chooser.setFiles(file);
		await page.waitForSelector(mark('canvas-node'));
		await page.waitForTimeout(SETTLE_MS);
		await this.look();
		return new URL(page.url()).pathname.split('/').at(-1) ?? '';
	}

	/** How the notes show with all of the canvas on the screen. */
	async notesAtFitToView(): Promise<ShownNote[]> {
		await this.page.click(mark('zoom-to-fit'));
		await this.page.waitForTimeout(SETTLE_MS);
		return await this.page.locator(`.vue-flow__node:has(${mark('sticky')})`).evaluateAll((notes) =>
			notes.map((note) => {
				const box = note.getBoundingClientRect();
				// What n8n draws in px, the canvas shows smaller.
				const zoom = box.width / (note as HTMLElement).offsetWidth;
				const lines = [...note.querySelectorAll<HTMLElement>('p, li, pre, h1, h2, h3')];
				const sizes = lines.map((line) => Number.parseFloat(getComputedStyle(line).fontSize));
				return {
					smallestPx: Math.min(...sizes) * zoom,
					isWhole: lines.every((line) => line.getBoundingClientRect().bottom <= box.bottom),
				};
			}),
		);
	}

	/** Opens the nodes panel and types into its search. @returns the names of what it finds */
	async searchNodes(text: string) {
		const { page } = this;
		await page.click(mark('node-creator-plus-button'));
		await page.fill(mark('node-creator-search-bar'), text);
		await page.waitForSelector(FOUND);
		await page.waitForTimeout(SETTLE_MS);
		await this.look();
		return await this.#texts(`${FOUND} ${mark('node-creator-item-name')}`);
	}

	/** Takes what the nodes panel shows. @returns the node's actions */
	async actions(name: string) {
		await this.page.locator(FOUND, { hasText: name }).first().click();
		await this.page.waitForSelector(mark('node-creator-category-item'));
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
		return await this.#texts(FOUND);
	}

	/** Takes one of a node's actions; the node opens. */
	async pickAction(action: string) {
		await this.page.locator(FOUND, { hasText: action }).click();
		await this.page.waitForSelector(`${NODE} ${FIELDS}`);
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	/** Selects a node; what is picked next is connected to it. */
	async selectNode(name: string) {
		await this.page.click(onCanvas(name));
	}

	async openNode(name: string) {
		await this.page.dblclick(onCanvas(name));
		await this.page.waitForSelector(`${NODE} ${FIELDS}`);
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	async closeNode() {
		await this.page.click(mark('ndv-close-button'));
		await this.page.waitForSelector(NODE, { state: 'hidden' });
	}

	// The open node

	/** The labels of all fields, from top to bottom. */
	async fields() {
		await this.look();
		return await this.#texts(`${NODE} ${FIELDS} label .n8n-text`);
	}

	async notices() {
		return await this.#texts(`${NODE} ${FIELDS} .notice`);
	}

	/** What a field offers to choose from. */
	async choices(label: string) {
		const input = await this.#again(() => this.#openChoices(label));
		await this.look();
		const items = await this.#texts(mark('parameter-input-item'));
		await input.click();
		// The first line is the name, the second says what it is for.
		return items.map(firstLine);
	}

	async choose(label: string, choice: string) {
		const item = this.page
			.locator(`${mark('parameter-input-item')}:visible`)
			.filter({ hasText: new RegExp(`^\\s*${choice}`) });
		await this.#pick(() => this.#openChoices(label), item);
	}

	/** Turns a field from a fixed value into an expression. */
	async useExpression(label: string) {
		await this.#field(label).hover();
		await this.#field(label).locator(mark('radio-button-expression')).click();
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	/** Switches a field from on to off, or back. */
	async toggle(label: string) {
		await this.#field(label).locator('.el-switch').click();
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	/** What can be added under 'Options'. */
	async addableOptions() {
		const opened = await this.#again(() => this.#openOptions());
		await this.look();
		const options = await this.#texts(OPTION);
		await opened.click();
		return options;
	}

	/** Adds an option, and leaves it as n8n adds it. */
	async addOption(name: string) {
		const item = this.page.locator(`${OPTION}:visible`, { hasText: name });
		await this.#pick(() => this.#openOptions(), item);
	}

	async fill(label: string, value: string) {
		await this.#field(label).locator('input, textarea').first().fill(value);
		await this.look();
	}

	/** Executes the open node, and waits until the output pane says how it ended. */
	async run() {
		const ended = ['success', 'danger'].map((how) => `${OUTPUT} ${mark(`node-run-status-${how}`)}`);
		// What an earlier run left there is no answer to this one.
		await this.page
			.locator(ended.join())
			.evaluateAll((marks) => marks.forEach((one) => one.setAttribute('data-earlier', '')));
		await this.page.click(mark('node-execute-button'));
		await this.page.waitForSelector(ended.map((one) => `${one}:not([data-earlier])`).join());
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	/** The first item in the output pane, as its table shows it. */
	async output() {
		await this.page.click(`${OUTPUT} ${mark('radio-button-table')}`);
		const names = await this.#texts(`${OUTPUT} thead th`);
		const values = await this.#texts(`${OUTPUT} tbody tr:nth-child(1) td`);
		return Object.fromEntries(names.filter(Boolean).map((name, at) => [name, values[at]]));
	}

	/** What the output pane says in place of a table where the node failed. */
	async failure() {
		const text = (name: string) => this.page.locator(`${OUTPUT} ${mark(name)}`).innerText();
		return {
			what: await text('node-error-message'),
			todo: await text('node-error-description'),
		};
	}

	// Credentials

	/** The credentials that the open node offers. */
	async credentials() {
		const select = await this.#again(() => this.#openCredentials());
		await this.look();
		const items = await this.#texts(ANY_CREDENTIAL);
		await select.click();
		return items.slice(0, -1).map(firstLine);
	}

	async chooseCredential(name: string) {
		const item = this.page
			.locator(`${ANY_CREDENTIAL}:visible`)
			.filter({ has: this.page.getByText(name, { exact: true }) });
		await this.#again(async () => {
			await this.#openCredentials();
			await item.click(TRY);
		});
		await this.look();
	}

	/** Opens the form for a new credential. @returns what kind of credential it is */
	async newCredential() {
		await this.#again(async () => {
			await this.#openCredentials();
			await this.page.click(`${mark('node-credentials-select-item-new')}:visible`, TRY);
		});
		await this.page.waitForSelector(`${CREDENTIAL} ${mark('credential-connection-parameter')}`);
		await this.look();
		const [head = ''] = (await this.page.locator(CREDENTIAL).innerText()).split('Save');
		return head.trim().split('\n').at(-1);
	}

	async openCredential(id: string) {
		await this.page.goto(`${this.n8n.url}/home/credentials/${id}`);
		await this.page.waitForSelector(`${CREDENTIAL} ${mark('credential-connection-parameter')}`);
	}

	/** Values by the credential's own field names. */
	async fillCredential(values: Record<string, string>) {
		for (const [name, value] of Object.entries(values)) {
			await this.page.fill(`${CREDENTIAL} ${mark(`parameter-input-${name}`)} input`, value);
		}
		// n8n takes over what was typed a moment later; saved before that, the last field would be left out.
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	async saveCredential() {
		// The button itself: what stands around it can be clicked while there is nothing to save yet.
		await this.page.click(`${CREDENTIAL} ${mark('credential-save-button')} button`);
	}

	/** What the form says of the connection, with its details where it could not be made. */
	async credentialTest() {
		const { page } = this;
		const form = page.locator(CREDENTIAL);
		await form.getByText(TESTED).or(form.getByText(NOT_TESTED)).filter({ visible: true }).waitFor();
		const more = form.getByText('More details');
		if (await more.isVisible()) await more.click();
		await page.waitForTimeout(SETTLE_MS);
		await this.look();
		return await form.innerText();
	}

	async closeCredential() {
		await this.page.click(`${CREDENTIAL} button[aria-label="Close this dialog"]`);
		await this.page.waitForSelector(CREDENTIAL, { state: 'hidden' });
	}

	/** Opens the form of the credential that the open node uses. */
	async editCredential() {
		await this.page.waitForSelector(CREDENTIAL, { state: 'hidden' });
		await this.page.click(`${NODE} ${mark('credential-edit-button')}`);
		await this.page.waitForSelector(`${CREDENTIAL} ${mark('credential-connection-parameter')}`);
	}

	// Details

	/** A field of the open node by its label. */
	#field(label: string) {
		return this.page.locator(
			`${NODE} ${FIELDS} .parameter-item:has(label .n8n-text:text-is("${label}"))`,
		);
	}

	async #openChoices(label: string) {
		return await this.#openMenu(
			this.#field(label).locator('input').first(),
			mark('parameter-input-item'),
		);
	}

	async #openOptions() {
		return await this.#openMenu(
			this.page.locator(`${NODE} ${FIELDS} ${mark('collection-parameter-add')} input`).first(),
			OPTION,
		);
	}

	async #openCredentials() {
		return await this.#openMenu(
			this.page.locator(`${NODE} ${mark('node-credentials-select')}`),
			mark('node-credentials-select-item-new'),
		);
	}

	/** Opens a menu; its click closes one that is open, so this is to be tried again where it throws. */
	async #openMenu(opener: Locator, item: string): Promise<Locator> {
		const items = this.page.locator(item).filter({ visible: true });
		await opener.click(TRY);
		await items.first().waitFor(TRY);
		await this.page.waitForTimeout(SETTLE_MS);
		if ((await items.count()) === 0) throw new Error(`The menu with ${item} closed again.`);
		return opener;
	}

	/** Takes one of what a menu offers. */
	async #pick(open: () => Promise<Locator>, item: Locator) {
		await this.#again(async () => {
			await open();
			await item.first().click(TRY);
		});
		await this.page.waitForTimeout(SETTLE_MS);
		await this.look();
	}

	/** Does a step until it works out: where n8n draws the node anew meanwhile, a menu closes or a click is lost. */
	async #again<T>(step: () => Promise<T>): Promise<T> {
		for (const end = Date.now() + PATIENCE_MS; ;) {
			try {
				return await step();
			} catch (reason) {
				if (Date.now() > end) throw reason;
			}
		}
	}

	/** The texts of what can be seen. */
	async #texts(selector: string) {
		const visible = this.page.locator(selector).filter({ visible: true });
		return (await visible.allInnerTexts()).map((text) => text.trim());
	}
}
