// The node on an n8n without hints.

import type { INodeType } from 'n8n-workflow';
import { loadPackage } from '../lib/engine.cts';
import { start } from '../lib/opened.cts';
import { stopItems } from '../lib/stops.cts';

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
