// The node as an AI agent's tool, and on an n8n without hints.

import type { INodeType } from 'n8n-workflow';
import { loadPackage, workflowPackage } from '../lib/engine.cts';
import { NODE_TYPE, savedNode, toolForm } from '../lib/nodeRun.cts';
import { start } from '../lib/opened.cts';
import { live, stopItems, type Run } from '../lib/stops.cts';

const { NodeHelpers } = workflowPackage;

const asTool = (node: INodeType): INodeType => ({
	description: toolForm(node.description),
	async execute() {
		return (await node.execute?.call(this)) ?? null;
	},
});

describe("the AI agent's tool", () => {
	const tool: () => Promise<Run> = async () => ({
		type: `${NODE_TYPE}Tool`,
		nodeType: asTool((await loadPackage()).node),
	});

	it('stops a stream', async () => {
		const standIn = await start('signalWire');
		const { items, error } = await stopItems(standIn, [live(standIn).item], await tool());
		expect(error).toBeUndefined();
		expect(items).toMatchObject([{ status: 'stopped', stopped: true }]);
	});

	it("is described by the node's own text, which n8n shows to the model", async () => {
		const { node } = await loadPackage();
		const parameters = { descriptionType: 'auto', operation: 'stopStream' };
		const text = NodeHelpers.getToolDescriptionForNode(savedNode({ parameters }), asTool(node));
		expect(text).toBe(toolForm(node.description).description);
		for (const part of [
			/^Stop the audio stream/,
			/Needs the call's ID/,
			/Safe to repeat/,
			/Returns/,
		]) {
			expect(text).toMatch(part);
		}
	});

	it.each([
		['saved by hand', { streamBy: 'name' }],
		['with all that a document takes', { streamBy: 'name', cxmlUrl: 'https://evil.example/x' }],
		['in the tool form, with an option', { streamBy: 'NAME', options: { preview: true } }],
	])('refuses to stop by name, whatever its parameters say: %s', async (_title, parameters) => {
		const standIn = await start('signalWire');
		const { error } = await stopItems(standIn, [live(standIn).item], {
			...(await tool()),
			parameters,
		});
		expect(error?.message).toMatch(/^An AI agent may not stop a stream by 'Stream Name'\. Set /);
		expect(error?.context.failure).toBe('input');
		expect(standIn.requests).toEqual([]);
	});
});

describe('hints on the canvas', () => {
	it('are left out on an n8n that has none', async () => {
		const standIn = await start('vobiz');
		const { node } = await loadPackage();
		const nodeType: INodeType = {
			description: node.description,
			async execute() {
				const older = Object.create(this, {
					addExecutionHints: { value: undefined },
				}) as typeof this;
				return (await node.execute?.call(older)) ?? null;
			},
		};
		const { items, error } = await stopItems(standIn, [{ call: 'gone', stream: 'gone' }], {
			nodeType,
		});
		expect(error).toBeUndefined();
		expect(items).toMatchObject([{ status: 'notFound' }]);
	});
});
