import { madeUpId, startedStream, theCall, whoseStreams } from '../lib/check/streams.cts';

// What 'Check My Account' decides on its way: above all whether it may stop all streams of a call.

const running = (id: string) => ({ stream_id: id, end_time: null, status: 'in-progress' });
const ended = (id: string) => ({ stream_id: id, end_time: '2026-01-31 10:00:00+00:00' });
const list = (
	objects: unknown,
	more: object = { total: Array.isArray(objects) ? objects.length : 1 },
) => ({
	statusCode: 200,
	data: JSON.stringify({ objects, ...more }),
});

describe('whose streams run', () => {
	test.each<[string, Record<string, unknown>]>([
		['its own alone', list([running('mine')])],
		['its own two', list([running('mine'), running('mine-too')])],
		['its own, and others that ended', list([ended('other'), running('mine')])],
		['by a status', list([{ stream_id: 'other', status: 'completed' }, running('mine')])],
		['with the total of Plivo', list([running('mine')], { meta: { total_count: 1 } })],
	])('all of them may be stopped: %s', (_what, output) => {
		expect(whoseStreams(output, ['mine', 'mine-too'])).toEqual({ only_own: true });
	});

	test.each<[string, Record<string, unknown>]>([
		['another runs', list([running('mine'), running('other')])],
		['one that nobody can name runs', list([running('mine'), { end_time: null }])],
		['its own is not there', list([ended('other')])],
		['its own has ended', list([ended('mine')])],
		['none is there', list([])],
		['more than are shown', list([running('mine')], { total: 2 })],
		['more than are shown, in the form of Plivo', list([running('mine')], { meta: { count: 21 } })],
		['no total', list([running('mine')], {})],
		['a total that is no number', list([running('mine')], { total: '1' })],
		['one stream in place of a list', list(running('mine'))],
		['no stream in the list', list(['mine'])],
		['no list', { statusCode: 200, data: '{}' }],
		['no JSON', { statusCode: 200, data: '<html>' }],
		['a refusal', { ...list([running('mine')]), statusCode: 404 }],
		['no answer', { error: 'ECONNRESET' }],
	])('not all of them may be stopped: %s', (_what, output) => {
		expect(whoseStreams(output, ['mine', undefined])).toEqual({
			only_own: false,
			why: expect.any(String),
		});
	});

	test('where it has started none, nothing is its own', () => {
		expect(whoseStreams(list([{ end_time: null }]), [undefined])).toMatchObject({
			only_own: false,
		});
	});
});

test.each<[string, Record<string, unknown> | undefined, string | undefined]>([
	['Plivo and Vobiz', { statusCode: 202, data: '{"stream_id":"str_1"}' }, 'str_1'],
	['SignalWire', { statusCode: 200, data: '{"sid":"a-b"}' }, 'a-b'],
	['a refusal', { statusCode: 400, data: '{"stream_id":"str_1"}' }, undefined],
	[
		'dots, which would be another address',
		{ statusCode: 202, data: '{"stream_id":".."}' },
		undefined,
	],
	['nothing', { statusCode: 202, data: '{"stream_id":""}' }, undefined],
	['no text', { statusCode: 202, data: '{"stream_id":7}' }, undefined],
	['no answer', { error: 'ECONNRESET' }, undefined],
	['no run', undefined, undefined],
])('the stream that was started: %s', (_what, output, id) => {
	expect(startedStream(output)).toBe(id);
});

test('a call that is not live is shown as such', () => {
	const live = { call_status: 'in-progress', from: '1', to: '2', session_start: '3' };
	expect(theCall({ statusCode: 200, data: JSON.stringify(live) })).toMatchObject({
		live: true,
		from: '1',
		to: '2',
		started: '3',
	});
	for (const output of [
		{ statusCode: 404, data: JSON.stringify(live) },
		{ statusCode: 200, data: JSON.stringify({ ...live, call_status: 'completed' }) },
		{ statusCode: 200, data: 'in-progress' },
		{ error: 'ECONNRESET' },
	]) {
		expect(theCall(output)).toMatchObject({ live: false });
	}
});

test('an id that nobody has looks like one', () => {
	expect(madeUpId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
	expect(madeUpId()).not.toBe(madeUpId());
});
