/**
 * The report of *Check My Account*: what a provider answered, fit for a public issue. It shows what is on a
 * list of documented keys, words and codes; of every other value it shows the type and the length. This file
 * is put into an n8n Code node as it is, without its types, so it imports nothing.
 */

/** What a value of a documented answer may be. */
export type Rule =
	| 'text'
	| 'number'
	| 'boolean'
	| 'null'
	| 'time'
	/** The id of the call that was asked about; of a stream. */
	| 'call'
	| 'stream'
	/** No body at all; a body that is no JSON. */
	| 'empty'
	| 'plain'
	/** Documented words and codes; `others` are documented too, for another case or in another place. */
	| { words: readonly Word[]; others?: readonly Word[] }
	| { any: readonly Rule[] }
	| { list: Rule }
	| { keys: Rules; optional?: Rules };

export type Word = string | number | boolean;
export interface Rules {
	readonly [key: string]: Rule;
}

/** One documented form of an answer. */
export interface Form {
	status: readonly number[];
	body: Rule;
	/** Documented somewhere, but not what the documents name first. */
	other?: true;
}

/** One step of the check: the node of the canvas that has its name, and what the documents say to it. */
export interface Step {
	name: string;
	/** What kind of request it is: captures are read by it. */
	asks: string;
	by: 'request' | 'node';
	forms: readonly Form[];
	/** What the node makes of the forms that come first. */
	expects?: readonly string[];
	/** The step that starts the stream that this one is about. */
	needs?: string;
	/** The call it is about, where that is not the call of the check. */
	about?: 'ended' | 'unknown';
	/** Documented answers for other reasons: the step proves nothing then. */
	unless?: ReadonlyArray<{ reason: string; forms: readonly Form[] }>;
	/** Why it did not run, where nothing else says so. */
	skipped?: string;
}

/** One open point of the README. */
export interface Point {
	number: string;
	what: string;
	steps: readonly string[];
	/** Why it stays open where none of its steps ran. */
	notTried: string;
}

/** All that is documented of one provider's answers to the check. */
export interface Plan {
	provider: string;
	shown: string;
	steps: readonly Step[];
	points: readonly Point[];
	/** Documented answers to a refused credential. */
	refused: readonly Form[];
	/** Documented answers where the call is not live any more. */
	over: readonly Form[];
	/** What is said of streams that may still run. */
	limit: string;
}

export type Verdict = 'as documented' | 'another documented form' | 'new' | 'not tried';
export type Shown = string | number | boolean | null | Shown[] | { [key: string]: Shown };

/** What one step got. */
export interface Entry {
	step: string;
	asks: string;
	by: 'request' | 'node';
	verdict: Verdict;
	reason?: string;
	status?: number;
	body?: Shown;
	/** Where it differs from the nearest documented form. */
	differs?: string[];
	/** What the node made of it. */
	node?: Record<string, Shown>;
}

export interface Report {
	provider: string;
	points: Array<{
		number: string;
		what: string;
		verdict: Verdict;
		reason?: string;
		steps: string[];
	}>;
	entries: Entry[];
	/** How many streams of its own the check has started, and how many may still run. */
	own: { started: number; mayStillRun: number };
}

/** What the check has seen: the output of each node that ran, by its name. */
export interface Seen {
	outputs: Record<string, Array<Record<string, unknown>> | undefined>;
	calls: { own?: unknown; ended?: unknown; unknown?: unknown };
	/** The streams that it started, by the step. */
	started: Record<string, string | undefined>;
}

const GRADES: readonly Verdict[] = ['as documented', 'another documented form', 'new'];
const NEW = 2;

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const isTime = (value: unknown): boolean =>
	typeof value === 'string' &&
	(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.test(value) ||
		/^[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT|UTC)$/.test(value));

/** A value by its type and length: nothing of the value itself. */
function typeOf(value: unknown): Shown {
	if (value === null) return null;
	if (typeof value === 'string') return value === '' ? '' : `<text of ${value.length}>`;
	if (typeof value === 'number') return `<number of ${String(value).length}>`;
	if (Array.isArray(value)) return `<list of ${value.length}>`;
	if (isObject(value)) return `<object of ${Object.keys(value).length}>`;
	return `<${typeof value}>`;
}

/** The name of an unknown key, where it looks like a name and not like a value. */
const nameOf = (key: string): string =>
	/^[A-Za-z][A-Za-z_-]{0,29}\d?$/.test(key) ? key : `<name of ${key.length}>`;

/** Ids by their order: *call 1*, *stream 2*. */
class Ids {
	private readonly names = new Map<unknown, string>();

	private readonly counts: Record<string, number> = {};

	nameOf(kind: 'call' | 'stream', id: unknown): string {
		const name = this.names.get(id);
		if (name) return name;
		this.counts[kind] = (this.counts[kind] ?? 0) + 1;
		const next = `<${kind} ${this.counts[kind]}>`;
		this.names.set(id, next);
		return next;
	}
}

/** Holds one answer against documented forms. */
class Reader {
	constructor(
		private readonly ids: Ids,
		private readonly call: unknown,
		private readonly stream: unknown,
	) {}

	/** 0: as documented, 1: documented too, 2: in no document. `differs` gets the places. */
	grade(value: unknown, rule: Rule, at: string, differs: string[]): number {
		if (typeof rule !== 'string') {
			if ('words' in rule) {
				if (rule.words.some((word) => word === value)) return 0;
				differs.push(at);
				return rule.others?.some((word) => word === value) ? 1 : NEW;
			}
			if ('any' in rule) {
				const tries = rule.any.map((one) => {
					const places: string[] = [];
					return { grade: this.grade(value, one, at, places), places };
				});
				tries.sort(
					(one, other) => one.grade - other.grade || one.places.length - other.places.length,
				);
				differs.push(...(tries[0]?.places ?? []));
				return tries[0]?.grade ?? NEW;
			}
			if ('list' in rule) {
				if (Array.isArray(value)) {
					return Math.max(0, ...value.map((one) => this.grade(one, rule.list, `${at}[]`, differs)));
				}
				differs.push(at);
				return NEW;
			}
			if (!isObject(value)) {
				differs.push(at);
				return NEW;
			}
			return this.gradeKeys(value, rule.keys, rule.optional ?? {}, at, differs);
		}
		if (this.fits(value, rule)) return 0;
		differs.push(at);
		return NEW;
	}

	private gradeKeys(
		value: Record<string, unknown>,
		keys: Rules,
		optional: Rules,
		at: string,
		differs: string[],
	): number {
		const grades = Object.entries(value).map(([key, one]) => {
			const rule = own(keys, key) ?? own(optional, key);
			if (rule !== undefined) return this.grade(one, rule, `${at}.${key}`, differs);
			differs.push(`${at}.${nameOf(key)} (not documented)`);
			return NEW;
		});
		for (const key of Object.keys(keys)) {
			if (own(value, key) !== undefined) continue;
			differs.push(`${at}.${key} (missing)`);
			grades.push(NEW);
		}
		return Math.max(0, ...grades);
	}

	private fits(value: unknown, rule: Extract<Rule, string>): boolean {
		switch (rule) {
			case 'empty':
				return value === '' || value === undefined || value === null;
			case 'plain':
				return typeof value === 'string' && value !== '';
			case 'null':
				return value === null;
			case 'time':
				return isTime(value);
			case 'call':
				return typeof value === 'string' && (this.call === undefined || value === this.call);
			case 'stream':
				return (
					typeof value === 'string' &&
					value !== '' &&
					(this.stream === undefined || value === this.stream)
				);
			case 'text':
				return typeof value === 'string';
			default:
				return typeof value === rule;
		}
	}

	/** A value as the report shows it. */
	show(value: unknown, rule: Rule): Shown {
		if (typeof rule === 'string') {
			if (rule === 'call' && this.call !== undefined && value === this.call)
				return this.ids.nameOf('call', value);
			if (rule === 'stream' && this.fits(value, rule)) return this.ids.nameOf('stream', value);
			if (rule === 'time' && isTime(value)) return `<time of ${String(value).length}>`;
			return typeOf(value);
		}
		if ('words' in rule) {
			const word = [...rule.words, ...(rule.others ?? [])].find((one) => one === value);
			return word ?? typeOf(value);
		}
		if ('any' in rule) {
			const grades = rule.any.map((one) => this.grade(value, one, '', []));
			const best = rule.any[grades.indexOf(Math.min(...grades))];
			return best === undefined ? typeOf(value) : this.show(value, best);
		}
		if ('list' in rule) {
			return Array.isArray(value) ? value.map((one) => this.show(one, rule.list)) : typeOf(value);
		}
		if (!isObject(value)) return typeOf(value);
		return Object.fromEntries(
			Object.entries(value).map(([key, one]) => {
				const known = own(rule.keys, key) ?? own(rule.optional ?? {}, key);
				return known === undefined
					? [nameOf(key), '<not documented>']
					: [key, this.show(one, known)];
			}),
		);
	}

	/** The nearest of some forms. */
	nearest(
		status: number,
		body: unknown,
		forms: readonly Form[],
	): { grade: number; form: Form; differs: string[] } | undefined {
		const tries = forms.map((form) => {
			const differs: string[] = form.status.includes(status) ? [] : ['status'];
			const ofBody = this.grade(body, form.body, 'body', differs);
			const grade = Math.max(ofBody, form.status.includes(status) ? 0 : NEW, form.other ? 1 : 0);
			return { grade, form, differs };
		});
		tries.sort(
			(one, other) => one.grade - other.grade || one.differs.length - other.differs.length,
		);
		return tries[0];
	}
}

const own = <T,>(of: { readonly [key: string]: T }, key: string): T | undefined =>
	Object.prototype.hasOwnProperty.call(of, key) ? of[key] : undefined;

/** The status and the body in a node's output. */
function answerIn(
	by: Step['by'],
	output: Record<string, unknown>,
): { status: number; body: unknown } | undefined {
	const { statusCode, data, response } = output;
	if (typeof statusCode !== 'number') return undefined;
	if (by === 'node') return { status: statusCode, body: response };
	if (typeof data !== 'string') return { status: statusCode, body: data };
	try {
		return { status: statusCode, body: JSON.parse(data) };
	} catch {
		return { status: statusCode, body: data };
	}
}

const NODE_WORDS: Record<string, readonly Word[]> = {
	status: ['stopped', 'alreadyStopped', 'notFound', 'accepted', 'failed'],
	callState: ['live', 'ended', 'notFound'],
	confirmed: [true, false],
	failure: [
		'input',
		'untrusted',
		'credentials',
		'rateLimit',
		'unavailable',
		'rejected',
		'unreadable',
		'nothingToStop',
	],
};

/** What our node said, in its own words and no others. */
function nodeWords(output: Record<string, unknown>): Record<string, Shown> {
	const said: Record<string, Shown> = {};
	for (const [field, words] of Object.entries(NODE_WORDS)) {
		const word = words.find((one) => one === output[field]);
		if (word !== undefined) said[field] = word;
	}
	if (typeof output.attempts === 'number') said.attempts = output.attempts;
	return said;
}

const notTried = (step: Step, reason: string): Entry => ({
	step: step.name,
	asks: step.asks,
	by: step.by,
	verdict: 'not tried',
	reason,
});

/** Whether a read of the call shows that it is live. */
function isLive(plan: Plan, seen: Seen, name: string): boolean | undefined {
	const step = plan.steps.find((one) => one.name === name);
	const output = seen.outputs[name]?.[0];
	const answer = step && output && answerIn(step.by, output);
	if (!answer) return undefined;
	const { status, body } = answer;
	const words = isObject(body) ? (body.call_status ?? body.status) : undefined;
	return status === 200 && ['in-progress', 'ringing', 'queued'].includes(String(words));
}

/** What became of one step. */
function entryOf(step: Step, plan: Plan, seen: Seen, ids: Ids): Entry {
	const output = seen.outputs[step.name]?.[0];
	const wasLive = isLive(plan, seen, 'Read the Call');
	const hasEnded = wasLive === true && isLive(plan, seen, 'Read the Call Again') === false;
	if (!output) {
		if (wasLive !== true) return notTried(step, 'the call could not be read as live');
		if (step.needs && seen.outputs[step.needs] && !seen.started[step.needs]) {
			return notTried(
				step,
				hasEnded ? 'the call ended while the check ran' : `'${step.needs}' started no stream`,
			);
		}
		return notTried(step, step.skipped ?? 'the check did not get there');
	}
	const node = step.by === 'node' ? nodeWords(output) : undefined;
	const answer = answerIn(step.by, output);
	if (!answer) return { ...notTried(step, 'no answer came'), ...(node && { node }) };

	const { status, body } = answer;
	const call = seen.calls[step.about ?? 'own'];
	const reader = new Reader(ids, call, step.needs && seen.started[step.needs]);
	const found = reader.nearest(status, body, step.forms);
	const circumstances = [
		...(step.unless ?? []),
		{ reason: `the credential was refused (${status})`, forms: plan.refused },
		...(hasEnded && !step.about
			? [{ reason: 'the call ended while the check ran', forms: plan.over }]
			: []),
	];
	const entry = (verdict: Verdict, rule: Rule, reason?: string): Entry => ({
		step: step.name,
		asks: step.asks,
		by: step.by,
		verdict,
		...(reason !== undefined && { reason }),
		status,
		body: reader.show(body ?? '', rule),
		...(node && { node }),
	});
	const rule = found?.form.body ?? 'plain';
	if (found && found.grade < NEW) {
		const isExpected = !step.expects || step.expects.some((word) => word === node?.status);
		if (found.grade > 0 || isExpected) {
			const isOver = hasEnded && !step.about && (found.grade > 0 || !isExpected);
			return isOver && reader.nearest(status, body, plan.over)?.grade !== NEW
				? entry('not tried', rule, 'the call ended while the check ran')
				: entry(GRADES[found.grade] ?? 'new', rule);
		}
		if (hasEnded && !step.about) {
			return entry('not tried', rule, 'the call ended while the check ran');
		}
		return { ...entry('new', rule), differs: ['what the node made of it'] };
	}
	for (const { reason, forms } of circumstances) {
		const other = reader.nearest(status, body, forms);
		if (other && other.grade < NEW) return entry('not tried', other.form.body, reason);
	}
	if (status === 429 || status >= 500) {
		return entry('not tried', 'plain', `the provider answered ${status}`);
	}
	return { ...entry('new', rule), differs: found?.differs ?? [] };
}

/** The place of the form that an answer has, in a step; `undefined` where it has none. Any call and stream will do. */
export function formOf(step: Step, status: number, body: unknown): number | undefined {
	const found = new Reader(new Ids(), undefined, undefined).nearest(status, body, step.forms);
	return found && found.grade < NEW ? step.forms.indexOf(found.form) : undefined;
}

/** Holds what the check has seen against what is documented. */
export function report(plan: Plan, seen: Seen): Report {
	const ids = new Ids();
	for (const call of [seen.calls.own, seen.calls.ended, seen.calls.unknown]) {
		if (call) ids.nameOf('call', call);
	}
	const started = Object.values(seen.started).filter((id) => id !== undefined);
	for (const id of started) ids.nameOf('stream', id);
	const entries = plan.steps.map((step) => entryOf(step, plan, seen, ids));
	const points = plan.points.map(({ number, what, steps, notTried: why }) => {
		const of = entries.filter(({ step }) => steps.includes(step));
		const tried = of.filter(({ verdict }) => verdict !== 'not tried');
		const worst = Math.max(-1, ...tried.map(({ verdict }) => GRADES.indexOf(verdict)));
		const verdict = GRADES[worst] ?? 'not tried';
		const reason = verdict === 'not tried' ? (of[0]?.reason ?? why) : undefined;
		return {
			number,
			what,
			verdict,
			...(reason !== undefined && { reason }),
			steps: tried.map(({ step }) => step),
		};
	});
	// Every output of our nodes that says of a stream that it no longer runs.
	const ended = new Set<unknown>();
	for (const output of Object.values(seen.outputs).flatMap((one) => one ?? [])) {
		// The ids are the provider's own, so one that it does not find is a stream that has ended.
		const isOwn = started.some((id) => id === output.stream);
		if (output.stopped !== true && !(output.status === 'notFound' && isOwn)) continue;
		if (output.operation === 'stopAllStreams' && output.callId === seen.calls.own) {
			// It stopped what the check had started until then: the one stream that was left.
			started.forEach((id) => ended.add(id));
		} else ended.add(output.stream);
	}
	// A start that got no answer, or one without an id, may have started a stream that nobody can name.
	const unnamed = plan.steps.filter(({ name, asks, by }) => {
		const output = asks.startsWith('start') && !seen.started[name] && seen.outputs[name]?.[0];
		if (!output) return false;
		const status = answerIn(by, output)?.status ?? 500;
		return status < 300 || status >= 500;
	}).length;
	const isOver = isLive(plan, seen, 'Read the Call Again') === false && over(plan, seen);
	const running = started.filter((id) => !ended.has(id)).length + unnamed;
	return {
		provider: plan.provider,
		points,
		entries,
		own: { started: started.length + unnamed, mayStillRun: isOver ? 0 : running },
	};
}

/** A stream ends with its call: whether the last read of the call is a documented "it is over". */
function over(plan: Plan, seen: Seen): boolean {
	const output = seen.outputs['Read the Call Again']?.[0];
	const answer = output && answerIn('request', output);
	if (!answer) return false;
	const found = new Reader(new Ids(), seen.calls.own, undefined).nearest(
		answer.status,
		answer.body,
		plan.over,
	);
	return found !== undefined && found.grade < NEW;
}

const cell = (value: string | number | undefined): string =>
	String(value ?? '').replaceAll('|', '\\|');
const row = (...cells: Array<string | number | undefined>): string =>
	`| ${cells.map(cell).join(' | ')} |`;

/** The report as people read it. */
export function asMarkdown(plan: Plan, { points, entries, own: ownStreams }: Report): string {
	const verdictOf = ({ verdict, reason }: { verdict: Verdict; reason?: string }): string =>
		`**${verdict}**${reason === undefined ? '' : `: ${reason}`}`;
	const madeOf = ({ node = {} }: Entry): string =>
		Object.entries(node)
			.map(([field, word]) => `${field}: ${JSON.stringify(word).replaceAll('"', '')}`)
			.join(', ');
	const differing = entries.filter(({ differs }) => differs);
	return [
		`## What ${plan.shown} answered`,
		'',
		'Documented keys, words and codes are shown as they came. Of every other value there is only its type and length, and of unknown keys only the name. Please read it all the same before you publish it.',
		'',
		'### The open points',
		'',
		row('No.', 'Open point', 'Verdict', 'Tried by'),
		row('--', '--', '--', '--'),
		...points.map((point) =>
			row(point.number, point.what, verdictOf(point), point.steps.join(', ')),
		),
		'',
		'### Every step',
		'',
		row('Step', 'HTTP', 'Verdict', 'What the node made of it'),
		row('--', '--', '--', '--'),
		...entries.map((entry) => row(entry.step, entry.status, verdictOf(entry), madeOf(entry))),
		'',
		...(differing.length > 0
			? [
					'### Where it is new',
					'',
					...differing.map(({ step, differs = [] }) => `- ${step}: ${differs.join(', ')}`),
					'',
				]
			: []),
		'### What was left',
		'',
		ownStreams.mayStillRun === 0
			? `The check started ${ownStreams.started} streams, and none of them runs any more.`
			: `**The check started ${ownStreams.started} streams, and ${ownStreams.mayStillRun} of them may still run.** ${plan.limit}`,
		'',
	].join('\n');
}
