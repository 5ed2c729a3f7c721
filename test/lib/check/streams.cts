/**
 * What *Check My Account* works out on its way. This file is put into n8n's Code nodes as it is, without its
 * types, so it imports nothing.
 */

/** What an HTTP Request node gives out, with the whole answer as text, or one of our nodes. */
export type Output = Record<string, unknown>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** The body of an HTTP Request node's answer, parsed where it is JSON. */
export function bodyOf({ data }: Output): unknown {
	if (typeof data !== 'string') return data ?? '';
	try {
		return JSON.parse(data);
	} catch {
		return data;
	}
}

/** What the first trigger shows of the call. */
export function theCall(output: Output): Record<string, unknown> {
	const body = bodyOf(output);
	const call = isRecord(body) ? body : {};
	const status = call.call_status ?? call.status;
	const live =
		output.statusCode === 200 && ['in-progress', 'ringing', 'queued'].includes(String(status));
	return live
		? {
				live,
				from: call.from,
				to: call.to,
				started: call.session_start ?? call.start_time,
				next: "If this is the call that you mean, and everybody on it has agreed, run '2. Check It'.",
			}
		: {
				live,
				statusCode: output.statusCode ?? 'no answer',
				next: 'No live call was found. Check the id, the account and the credential.',
			};
}

/** An id that nobody has. */
export const madeUpId = (): string =>
	[8, 4, 4, 4, 12]
		.map((length) =>
			Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join(''),
		)
		.join('-');

/** The stream that a request has started. */
export function startedStream(output: Output | undefined): string | undefined {
	const body = output && bodyOf(output);
	if (!isRecord(body) || Number(output?.statusCode) >= 300) return undefined;
	const id = body.stream_id ?? body.sid;
	return typeof id === 'string' && /[^.]/.test(id) ? id : undefined;
}

/** Whether the list shows every stream of the call, and none that runs but the check's own. */
export function whoseStreams(
	list: Output,
	own: ReadonlyArray<string | undefined>,
): Record<string, unknown> {
	const no = (why: string) => ({ only_own: false, why });
	const body = bodyOf(list);
	if (list.statusCode !== 200 || !isRecord(body) || !Array.isArray(body.objects)) {
		return no('the list of streams could not be read');
	}
	const streams: unknown[] = body.objects;
	const meta = isRecord(body.meta) ? body.meta : {};
	const total = body.total ?? meta.total_count ?? meta.count;
	if (typeof total !== 'number' || total > streams.length) {
		return no('the list of streams does not show that it is complete');
	}
	const running: unknown[] = [];
	for (const stream of streams) {
		if (!isRecord(stream)) return no('the list of streams could not be read');
		const { stream_id: id, end_time: end, status } = stream;
		const hasEnded =
			['completed', 'failed', 'stopped'].includes(String(status)) ||
			(typeof end === 'string' && end !== '');
		if (!hasEnded) running.push(id);
	}
	const isOwn = (id: unknown) => id !== undefined && own.some((one) => one === id);
	if (!running.some(isOwn)) return no('the list does not show the stream of the check');
	return running.every(isOwn)
		? { only_own: true }
		: no('another stream runs on this call, and *all* would have stopped it');
}
