import { NODE_TYPE } from '../../lib/nodeRun.cts';
import type { Case } from '../case.cts';
import { textOf } from '../judge.cts';
import { firstForm } from '../forms.cts';
import { row, type Row } from '../scenario.cts';
import type { Target } from '../types.cts';

/** The shapes in which n8n gets a failure. In each, every item is tried, whatever becomes of the others. */

const WORDS = 'The example says why';

/** Three items, of which the second is refused by the provider. */
function secondIsRefused(c: Case): Target {
	const refused = c.add();
	c.targets = [c.target, refused, c.add()];
	c.items = c.targets.map((target) => ({ ...c.fields(target), input: `of ${target.call.id}` }));
	c.answerFor(refused, { status: 422, body: firstForm(c)(WORDS) });
	return refused;
}

const what = (c: Case) => `${c.profile.displayName} refused the request (422): “${WORDS}”`;
const todo = (c: Case): unknown =>
	expect.stringMatching(
		`^Check '${c.column.labels.id}'( and '[\\w ]+')? against what ${c.profile.displayName} says`,
	);
/** How the description ends where one of three items failed: a stop that was only taken is not known to be one. */
const stillRunning = (c: Case) =>
	new RegExp(
		` ${c.says('stop').status === 'stopped' ? 1 : 3} of 3 streams in this run may still be running\\.$`,
	);

/** Which call and stream an error output or an error workflow is told of, in words and as fields. */
function about(c: Case, target: Target): string {
	const { stream } = c.fields(target);
	return `This is about ${c.noun} ${c.idOf(target)}${c.all ? '' : `, stream ${textOf(stream)}`}.`;
}
const contextOf = (c: Case, target: Target = c.target, id = c.idOf(target)) => ({
	provider: c.profile.provider,
	...(id && { [c.idField]: id }),
	...(!c.all && { stream: c.fields(target).stream }),
});

function expectAllTried(c: Case) {
	expect(c.stops()).toHaveLength(3);
	expect(c.targets.map((target) => c.runs(target))).toEqual([false, true, false]);
}

export const failures: readonly Row[] = [
	row({
		name: 'Continue: the failed item says what is known, in its place',
		arrange: secondIsRefused,
		expected: (c, _variant, refused) => [
			{ ...c.says('stop'), runs: false },
			{
				...c.column.parameters,
				provider: c.profile.provider,
				[c.idField]: c.idOf(refused),
				failure: 'rejected',
				statusCode: 422,
				attempts: 1,
				error: what(c),
				message: todo(c),
				runs: true,
			},
			{ ...c.says('stop'), runs: false },
		],
	}),
	row({
		name: 'Continue (error output): the failed item goes there, with the fields of its input',
		node: { onError: 'continueErrorOutput' },
		arrange: secondIsRefused,
		check(c, { run, made: refused }) {
			const [good, bad] = run.outputs;
			expect(good?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 2 }]);
			expect(bad).toMatchObject([
				{
					pairedItem: { item: 1 },
					json: { input: `of ${refused.call.id}`, error: what(c), message: todo(c) },
				},
			]);
			expect(bad?.[0]?.json.message).toContain(about(c, refused));
			expectAllTried(c);
		},
	}),
	row({
		name: 'Stop: every item is tried, then the first failure is thrown with what is left',
		node: { onError: 'stopWorkflow' },
		arrange: secondIsRefused,
		check(c, { run: { error, items }, made: refused }) {
			expect(items).toEqual([]);
			expect(error).toMatchObject({
				name: 'NodeApiError',
				message: what(c),
				httpCode: '422',
				context: { itemIndex: 1, failure: 'rejected', ...contextOf(c, refused) },
			});
			expect(error?.description).toContain(about(c, refused));
			expect(error?.description).toMatch(stillRunning(c));
			expectAllTried(c);
		},
	}),
	row({
		name: 'Stop: a field that is refused does not keep the others from being stopped',
		node: { onError: 'stopWorkflow' },
		arrange(c) {
			c.targets = [c.target, c.add(), c.add()];
			c.items = c.targets.map((target, i) => ({
				...c.fields(target),
				...(i === 1 && { [c.idField]: '' }),
			}));
		},
		check(c, { run: { error } }) {
			expect(error).toMatchObject({
				name: 'NodeOperationError',
				message: `'${c.column.labels.id}' is empty`,
				context: { itemIndex: 1, failure: 'input', ...contextOf(c, c.targets[1], '') },
			});
			expect(error?.description).toMatch(stillRunning(c));
			expect(c.stops()).toHaveLength(2);
			expect(c.targets.map((target) => c.runs(target))).toEqual([false, true, false]);
		},
	}),
	row({
		name: "as an AI agent's tool: the one message holds what happened and what to do",
		node: { onError: 'stopWorkflow' },
		type: `${NODE_TYPE}Tool`,
		columns: ({ byDocument }) => !byDocument,
		arrange: secondIsRefused,
		check(c, { run: { error }, made: refused }) {
			expect(error?.message).toContain(`${what(c)}. Check '${c.column.labels.id}'`);
			expect(error?.message).toContain(about(c, refused));
			expectAllTried(c);
		},
	}),
];
