import type { INodeParameters } from 'n8n-workflow';
import type { CallState } from '../../../nodes/StopAudioStream/words/vocabulary';
import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { besideFields, eventOf, firstEnding, fromFields } from '../events.cts';
import { firstForm, ownForms } from '../forms.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import { signed, signedBy, withHeaders } from '../signedEvents.cts';
import type { Column, Form, Profile, Target } from '../types.cts';

/** A refusal may be that of a call that is over. One read tells, unless the provider signed that it is so. */

const WORDS = 'Call is not live';

/** A stop by an id, and not by a document: what a document's refusal speaks of is the document. */
const byId = ({ byDocument }: Column) => !byDocument;

/** Each of the provider's own forms of a refusal, with each of these statuses. */
const refusals =
	(...statuses: number[]) =>
	(column: Column, profile: Profile): Record<string, { status: number; form: Form }> =>
		Object.fromEntries(
			Object.entries(ownForms(column, profile)).flatMap(([title, form]) =>
				statuses.map((status) => [`${status}, ${title}`, { status, form }]),
			),
		);

/** The one read that can show that the call, or the conference, is over. */
const endRead = (c: Case, target?: Target) =>
	c.profile.cannot.recordOfCall === undefined
		? c.looks(target).slice(-2, -1)
		: c.looks(target).slice(-1);

/** Refuses each stop in the provider's own words. */
const refuse = (c: Case) => c.answer({ status: 422, body: firstForm(c)(WORDS) });

/** What a live call's own read tells: of Plivo and Vobiz only the record is read, which is not there yet. */
const liveState = ({ column }: Case): CallState | undefined => (column.list ? undefined : 'live');

const over = { status: 'alreadyStopped', callState: 'ended', attempts: 1 } as const;
const stillRefused = { failure: 'rejected', attempts: 1 } as const;

/** An event that says so, signed, as the incoming event or as 'Signed Event'. */
const signedEnd = (c: Case) => signed(c, c.target, { kind: signedBy(c).kinds.call });
const byEvent = (c: Case): INodeParameters => ({
	source: 'event',
	...(!c.all && { stream: '={{ $json.stream }}' }),
});

export const overCalls: readonly Row[] = [
	rows<{ status: number; form: Form }>({
		name: 'a refusal of a stop whose call is read as over is alreadyStopped',
		columns: byId,
		variants: refusals(400, 409, 422),
		arrange(c, { status, form }) {
			c.end();
			c.answer({ status, body: form(WORDS) });
		},
		expected: (_c, { status }) => ({
			...over,
			statusCode: status,
			message: expect.stringMatching(`^Nothing was running: .* has ended: “${WORDS}”\\.$`),
		}),
		check(c, { run }) {
			expect(c.reads()).toEqual(endRead(c));
			expect(run.hints).toEqual([]);
		},
	}),
	row({
		name: 'a refusal stays rejected on a call that goes on, after one read',
		columns: byId,
		arrange: (c) => refuse(c),
		expected: (c) => ({
			...stillRefused,
			statusCode: 422,
			callState: liveState(c),
			error: expect.stringContaining(WORDS),
			runs: true,
		}),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	rows<Fault>({
		name: 'a refusal stays rejected if the call cannot be read, or is another',
		columns: byId,
		variants: () => ({
			500: { status: 500, body: '' },
			401: { status: 401, body: '' },
			'404 of another server': { status: 404, body: '<html>Not Found</html>' },
			'200 in HTML': { status: 200, body: '<html>completed</html>' },
			'200 of another call': {
				status: 200,
				body: { sid: 'another', status: 'completed', call_uuid: 'another', end_time: 'x' },
			},
			'a reset': { reset: 'before' },
		}),
		options: { maxRetries: 2 },
		arrange(c, fault) {
			c.end();
			refuse(c);
			c.answerRead(fault);
		},
		expected: () => ({ ...stillRefused, callState: undefined }),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	row({
		name: 'a refusal stays rejected for a call that the provider does not show',
		columns: byId,
		arrange(c) {
			c.targets = [c.ghost()];
			refuse(c);
		},
		expected: (c) => ({
			...stillRefused,
			callState: c.column.list ? undefined : c.unknownCallState,
		}),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	rows<Fault>({
		name: 'what is no refusal in the provider’s own words does not have the call read',
		columns: byId,
		variants: () => ({
			'422 in HTML': { status: 422, body: '<html>Unprocessable</html>' },
			'400 without a body': { status: 400, body: '' },
			'400 in JSON of another server': { status: 400, body: { detail: 'Bad Request', trace: [] } },
			401: { status: 401, body: { api_id: 'x', error: WORDS } },
			403: { status: 403, body: { api_id: 'x', error: WORDS } },
			408: { status: 408, body: { api_id: 'x', error: WORDS } },
			429: { status: 429, body: { api_id: 'x', error: WORDS } },
			500: { status: 500, body: { api_id: 'x', error: WORDS } },
		}),
		arrange(c, fault) {
			c.end();
			c.answer(fault);
		},
		expected: (c, { status, body }) => ({
			failure: expect.any(String),
			error: expect.stringMatching(
				typeof body === 'string' && body.startsWith('<')
					? `^A web page came in place of an answer from ${c.profile.displayName} \\(${status}\\)$`
					: `\\(${status}\\)`,
			),
			statusCode: status,
			callState: undefined,
			attempts: 1,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'one read of a call that is over serves every refusal of its items',
		needs: ['oneStream'],
		columns: byId,
		arrange(c) {
			c.targets = ['one', 'two', 'three'].map((id) =>
				c.ghost(c.target, { id, name: id, controlId: id, running: false }),
			);
			c.end();
			refuse(c);
		},
		expected: (c) => c.targets.map(() => over),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	row({
		name: 'a stop that found nothing and a refusal share the read of their call',
		needs: ['oneStream'],
		columns: byId,
		arrange(c) {
			c.targets = ['one', 'two'].map((id) =>
				c.ghost(c.target, { id, name: id, controlId: id, running: false }),
			);
			c.end();
			const [first = c.target] = c.targets;
			c.answerFor(first, c.column.answers.notFound);
			refuse(c);
		},
		expected: () => [{ status: 'alreadyStopped', callState: 'ended' }, over],
		check: (c) => expect(c.reads().filter((path) => path === endRead(c)[0])).toHaveLength(1),
	}),
	rows<'succeed' | 'failIfLive' | 'failIfNotFound' | 'fail'>({
		name: 'a refusal of a call that is over is a failure only if nothing may be over',
		columns: byId,
		variants: () => titled(['succeed', 'failIfLive', 'failIfNotFound', 'fail'] as const),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop }),
		arrange(c) {
			c.end();
			refuse(c);
		},
		expected: (_c, mode) =>
			mode === 'fail'
				? { failure: 'nothingToStop', callState: 'ended', statusCode: 422 }
				: { ...over, statusCode: 422 },
	}),
	row({
		name: 'a refusal after an attempt of unknown effect is no failure if the call is over',
		columns: byId,
		options: { maxRetries: 1, whenNothingToStop: 'fail' },
		slow: true,
		arrange(c) {
			c.end();
			c.answer({ reset: 'after' }, 1);
			refuse(c);
		},
		expected: () => ({ ...over, attempts: 2 }),
	}),

	// Beside an event that says that the call is over.
	rows<{ status: number; form: Form }>({
		name: 'an end that nobody signed does not decide over a refusal: one read does',
		needs: ['onCall'],
		columns: byId,
		variants: refusals(400, 422),
		parameters: fromFields,
		arrange(c, { status, form }) {
			besideFields(c, { body: eventOf(c, firstEnding(c)) });
			c.end();
			c.answer({ status, body: form(WORDS) });
		},
		expected: (_c, { status }) => ({ ...over, statusCode: status }),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	row({
		name: 'a read that shows the call as live counts more than an end that nobody signed',
		needs: ['onCall'],
		columns: byId,
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstEnding(c)) });
			refuse(c);
		},
		// Of Plivo and Vobiz no read says live here, so what is known is what the event says.
		expected: (c) => ({ ...stillRefused, callState: liveState(c) ?? 'ended', runs: true }),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	rows<'the incoming event' | 'Signed Event'>({
		name: 'an end that the provider signed decides over a refusal, if the signature covers it',
		needs: ['signedEvents', 'onCall'],
		columns: byId,
		variants: () => titled(['the incoming event', 'Signed Event'] as const),
		options: (_c, source): INodeParameters =>
			source === 'Signed Event' ? { signedEvent: '={{ $json.proof }}' } : { verifySignature: true },
		parameters: byEvent,
		arrange(c, source) {
			const { stream } = c.fields(c.target);
			const signedItem = signedEnd(c);
			c.items = [
				source === 'Signed Event'
					? { body: signedItem.body, stream, proof: signedItem }
					: { ...signedItem, stream },
			];
			c.end();
			refuse(c);
		},
		expected: () => over,
		check: (c) =>
			expect(c.reads()).toEqual(c.profile.cannot.bodySigned === undefined ? [] : endRead(c)),
	}),
	row({
		name: 'a signed event that does not say so leaves a refusal to the read',
		needs: ['signedEvents', 'onCall', 'oneStream'],
		columns: byId,
		options: { verifySignature: true },
		parameters: byEvent,
		arrange(c) {
			c.items = [{ ...signed(c), stream: c.fields(c.target).stream }];
			refuse(c);
		},
		expected: (c) => ({ ...stillRefused, callState: liveState(c), runs: true }),
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	row({
		name: 'a signed end in the item proves nothing if Verify Signature is off',
		needs: ['signedEvents', 'onCall'],
		columns: byId,
		parameters: byEvent,
		arrange(c) {
			c.items = [
				{ ...withHeaders(signedEnd(c), () => undefined), stream: c.fields(c.target).stream },
			];
			c.end();
			refuse(c);
		},
		expected: () => over,
		check: (c) => expect(c.reads()).toEqual(endRead(c)),
	}),
	row({
		name: "a call's end proves nothing about a refusal of a room's stream, and the room is read",
		lacks: 'onCall',
		parameters: fromFields,
		arrange(c) {
			const body = { ...eventOf(c, firstEnding(c)), ConferenceSid: c.idOf(c.target) };
			besideFields(c, { body });
			refuse(c);
		},
		expected: () => ({ ...stillRefused, callState: 'live', runs: true }),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		name: 'a refusal of a document speaks of the document, and the call is not read',
		needs: ['byDocument'],
		arrange(c) {
			c.end();
			refuse(c);
		},
		expected: () => ({ ...stillRefused, callState: undefined }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
];
