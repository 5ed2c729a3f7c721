import type { IDataObject, INodeParameters, NodeParameterValueType } from 'n8n-workflow';
import type { Case } from '../case.cts';
import { textOf } from '../judge.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import type { Expected } from '../types.cts';

/** What people fill in: what is refused before anything is sent, and what cannot change the request. */

const IDS = [
	'a b',
	'a/../b',
	'../../Account',
	'a?b=c',
	'a#b',
	'100%',
	'%2e%2e',
	'v1.2..3',
	'.hidden',
	'...x',
	'str_8f3a',
	'a;b=c&d',
	"it's (ok)*!",
	'日本-🎧',
	'a\\b',
	'"quoted"',
	'constructor',
];

const between = (field: string, min: number, max: number) =>
	`'${field}' is not a whole number from ${min} to ${max}`;

/** Good, refused for each of `bad`, good; gives what to expect. */
function refusedBetween(c: Case, bad: Array<{ fields: IDataObject } & Expected>): Expected[] {
	const good = { ...c.says('stop'), runs: false };
	c.targets = [c.target, ...bad.map(() => c.add()), c.add()];
	c.items = c.targets.map((target, i) => ({ ...c.fields(target), ...bad[i - 1]?.fields }));
	return [
		good,
		...bad.map(({ fields: _fields, ...refusal }) => ({
			failure: 'input' as const,
			attempts: undefined,
			runs: true,
			...refusal,
		})),
		good,
	];
}

/** What JavaScript writes down if an expression gave no value. */
const NO_VALUES = [
	...['undefined', 'null', 'NaN', '[object Object]'].map((value) => ({ given: value, value })),
	{ given: ' undefined\n', value: 'undefined' },
	{ given: 'call-[object Object]', value: '[object Object]' },
	{ given: '[object Object],[object Object]', value: '[object Object]' },
];
const noValue = (value: string) =>
	`holds “${value}”, which an expression gives when it finds no value`;

/** What is no id, with what the node says of it. */
const NO_IDS: Array<[value: unknown, why: string]> = [
	['', 'is empty'],
	[' \t\n ', 'is empty'],
	['.', 'holds only dots'],
	['..', 'holds only dots'],
	[' .... ', 'holds only dots'],
	[42, 'is not text'],
	[['a'], 'is not text'],
	[{ id: 'a' }, 'is not text'],
	[true, 'is not text'],
	['cut\ud83c', 'contains a broken character'],
	...NO_VALUES.map(({ given, value }): [string, string] => [given, noValue(value)]),
];

const refusedIds = (c: Case, field: string, label = '') =>
	refusedBetween(
		c,
		NO_IDS.map(([value, why]) => ({
			fields: { [field]: value as IDataObject },
			error: `'${label}' ${why}`,
		})),
	);

export const input: readonly Row[] = [
	row({
		name: 'ids of any characters arrive as they are, and change nothing else of the request',
		arrange(c) {
			c.targets = IDS.map((id) => c.add(c.column.details?.(id) ?? { id }, { id: `${id} call` }));
		},
		expected: (c) => c.targets.map(() => ({ ...c.says('stop'), runs: false })),
		check(c) {
			const sent = c.stops().map(({ method, path, body }) => ({ method, path, body }));
			expect(sent).toHaveLength(IDS.length);
			expect(sent).toEqual(expect.arrayContaining(c.targets.map((target) => c.request(target))));
		},
	}),
	row({
		name: 'pasted blanks around ids are ignored',
		arrange(c) {
			const given = c.fields(c.target);
			c.items = [
				{
					...given,
					[c.idField]: ` \t${c.idOf(c.target)}\n`,
					// A name is taken as it is: blanks may belong to it.
					...(given.stream !== undefined &&
						!c.column.byDocument && { stream: `\u00a0${textOf(given.stream)} ` }),
				},
			];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	rows<string>({
		name: 'characters of no width around ids are ignored',
		variants: () => ({
			'zero-width space': '\u200b',
			'byte order mark': '\ufeff',
			'word joiner': '\u2060',
			'left-to-right mark': '\u200e',
			'soft hyphen': '\u00ad',
			'several, with blanks': '\u200b \u200f\t',
		}),
		arrange(c, around) {
			const given = c.fields(c.target);
			c.items = [
				{
					...given,
					[c.idField]: around + c.idOf(c.target) + around,
					...(given.stream !== undefined &&
						!c.column.byDocument && { stream: around + textOf(given.stream) + around }),
				},
			];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	row({
		name: 'characters of no width inside an id belong to it',
		arrange(c) {
			const inside = 'a\u200bb';
			c.targets = [c.add(c.column.details?.(inside) ?? { id: inside }, { id: `${inside} call` })];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		name: 'blanks and characters of no width around a credential’s values are ignored',
		arrange(c) {
			for (const [name, value] of Object.entries(c.credentials)) {
				c.credentials[name] = `\u200b\ufeff ${value}\u2060\n`;
			}
			c.secrets.push(...Object.values(c.standIn.credentials).filter((value) => value.length > 25));
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		name: 'an account id that an expression made a number is taken as its text',
		arrange(c) {
			c.credentials[c.profile.account.field] = 12345678901234;
		},
		expected: () => ({ failure: 'credentials', statusCode: 401, attempts: 1, runs: true }),
		check(c) {
			const [{ authorization, 'x-auth-id': id } = {}] = c.stops().map(({ headers }) => headers);
			const [user] = Buffer.from(textOf(authorization).replace('Basic ', ''), 'base64')
				.toString()
				.split(':');
			expect(id ?? user).toBe('12345678901234');
		},
	}),
	row({
		name: 'a call id that is no id is refused in words that name the field, others are not held up',
		arrange: (c) => refusedIds(c, c.idField, c.column.labels.id),
		expected: (_c, _variant, wanted) => wanted,
	}),
	row({
		name: 'a stream id that is no id is refused in words that name the field, others are not held up',
		needs: ['oneStream', 'strictStream'],
		arrange: (c) => refusedIds(c, 'stream', c.column.labels.stream),
		expected: (_c, _variant, wanted) => wanted,
	}),
	row({
		name: 'a value that is not text is refused as a stream name',
		lacks: 'strictStream',
		arrange: (c) =>
			refusedBetween(c, [
				{ fields: { stream: 42 }, error: `'${c.column.labels.stream}' is not text` },
				{
					fields: { stream: 'cut\ud83c' },
					error: `'${c.column.labels.stream}' contains a broken character`,
				},
				...NO_VALUES.map(({ given, value }) => ({
					fields: { stream: given },
					error: `'${c.column.labels.stream}' ${noValue(value)}`,
				})),
			]),
		expected: (_c, _variant, wanted) => wanted,
	}),
	rows<string>({
		name: 'a stream name by an expression that gives nothing is refused: the document would take the call over',
		lacks: 'strictStream',
		variants: () => titled(['={{ $json.nothing }}', '={{ null }}', "={{ '' }}", "={{ '  ' }}"]),
		parameters: (_c, stream) => ({ stream }),
		expected: (c) => ({
			failure: 'input',
			error: `'${c.column.labels.stream}' is empty`,
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows<string>({
		name: 'a stream name by an expression that gives nothing is allowed beside an event that names the stream',
		lacks: 'strictStream',
		variants: () => titled(['={{ $json.nothing }}', '={{ null }}']),
		parameters: (c, stream) => ({ source: 'event', stream, ...c.document() }),
		arrange(c) {
			c.items = [{ body: c.event(c.column.event) }];
		},
		expected: (c) => ({ ...c.says('stop'), stream: c.stream.name, runs: false }),
	}),
	rows<string>({
		name: 'a text that only looks like no value is an id',
		variants: () => titled(['undefined-1', 'Nancy', 'nullable', 'NULL', 'object Object']),
		arrange(c, id) {
			c.targets = [c.add(c.column.details?.(`${id} stream`) ?? { id: `${id} stream` }, { id })];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		name: 'an expression that cannot be evaluated fails its own item only',
		arrange: (c) => refusedBetween(c, [{ fields: { [c.idField]: 'throw' } }]),
		parameters: ({ idField }) => ({
			[idField]: `={{ $json.${idField} === 'throw' ? (() => { throw new Error('example'); })() : $json.${idField} }}`,
		}),
		expected: (_c, _variant, wanted) => wanted,
	}),
	row({
		name: 'an unknown provider by expression is refused, and its spelling is not a matter of case',
		// n8n asks for every field that a choice without an expression needs.
		needs: ['onCall'],
		arrange(c) {
			const { provider } = c.profile;
			const wanted = refusedBetween(
				c,
				['nobody', '', 7, null].map((value) => ({
					fields: { provider: value },
					error: `'Provider' has no option “${value ?? ''}”`,
					message: expect.stringMatching(`[ ,]${provider}[,.]`),
				})),
			);
			const [first, ...others] = c.items ?? [];
			c.items = [
				{ ...first, provider: ` ${provider.toUpperCase()}\n` },
				...others.map((item) => ({ provider, ...item })),
			];
			return wanted;
		},
		parameters: { provider: '={{ $json.provider }}' },
		expected: (_c, _variant, wanted) => wanted,
	}),
	rows<(name: string) => string>({
		name: 'a fixed provider that is spelled otherwise is refused by name: n8n drops the fields that depend on it',
		variants: () => ({
			'as people write it': (name) => name.charAt(0).toUpperCase() + name.slice(1),
			'in upper case': (name) => name.toUpperCase(),
			'with a blank': (name) => `${name} `,
			another: () => 'twilio',
		}),
		parameters: (c, spelled) => ({ provider: spelled(c.profile.provider) }),
		expected: (c, spelled) => ({
			failure: 'input',
			error: `'Provider' has no option “${spelled(c.profile.provider)}”`,
			message: expect.stringMatching(`^Use one of: .*\\b${c.profile.provider}\\b`),
			provider: undefined,
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows({
		name: 'an unknown operation is refused',
		needs: ['onCall'],
		// n8n takes no expression here, and hands one over as the text it is.
		variants: () => ({
			word: 'endCall',
			blank: ' ',
			expression: "={{ 'stopStream' }}",
			'a long text': 'x'.repeat(300),
		}),
		parameters: (_c, operation) => ({ operation }),
		expected: () => ({
			failure: 'input',
			error: expect.stringMatching(/^'Operation' has no option “.{1,100}”$/),
			attempts: undefined,
			runs: true,
		}),
	}),
	rows<[options: INodeParameters, error: string]>({
		name: 'an option that is out of bounds is refused with its name and its bounds',
		variants: () => ({
			'Max Retries, above': [{ maxRetries: 11 }, between('Max Retries', 0, 10)],
			'Max Retries, empty text': [{ maxRetries: "={{ ' ' }}" }, between('Max Retries', 0, 10)],
			'Max Retries, below': [{ maxRetries: -1 }, between('Max Retries', 0, 10)],
			'Max Concurrency, above': [{ maxConcurrency: 1_001 }, between('Max Concurrency', 1, 1_000)],
			'Max Concurrency, below': [{ maxConcurrency: 0 }, between('Max Concurrency', 1, 1_000)],
			'Timeout, above': [{ timeout: 120_001 }, between('Timeout', 1, 120_000)],
			'Timeout, below': [{ timeout: 0 }, between('Timeout', 1, 120_000)],
			'Timeout, no whole number': [{ timeout: 1.5 }, between('Timeout', 1, 120_000)],
			'If Nothing Is Left to Stop': [
				{ whenNothingToStop: 'ignore' },
				"'If Nothing Is Left to Stop' has no option “ignore”",
			],
		}),
		options: (_c, [options]) => options,
		expected: (_c, [, error]) => ({ failure: 'input', error, attempts: undefined, runs: true }),
	}),
	rows<INodeParameters>({
		name: 'an option at its bounds is taken',
		variants: () => ({
			lowest: { maxRetries: 0, maxConcurrency: 1 },
			highest: { maxRetries: 10, maxConcurrency: 1_000, timeout: 120_000 },
		}),
		options: (_c, options) => options,
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	rows({
		name: 'a yes or no by an expression that yields nothing is refused: nobody meant the node to send',
		variants: (_column, { cannot }) => ({
			'Preview Only': 'preview',
			// n8n hands over no option that the screen does not show.
			...(!cannot.confirm && { 'Confirm Stop': 'confirm' }),
			'Include Provider Response': 'includeResponse',
		}),
		options: (_c, name) => ({ [name]: '={{ $json.nothing }}' }),
		expected: () => ({
			failure: 'input',
			error: expect.stringMatching(
				/^'(Preview Only|Confirm Stop|Include Provider Response)' has no option/,
			),
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows<INodeParameters>({
		name: 'a yes or no is a yes or no as text too, in whatever case',
		variants: (_way, { cannot }) => ({
			"'false'": { preview: 'false', ...(!cannot.confirm && { confirm: 'false' }) },
			"'FALSE' by an expression": { preview: "={{ ' FALSE ' }}" },
			false: { preview: false, includeResponse: false },
		}),
		options: (_c, options) => options,
		expected: (c) => ({
			...c.says('stop'),
			confirmed: undefined,
			response: undefined,
			request: undefined,
			runs: false,
		}),
	}),
	rows<NodeParameterValueType>({
		name: 'Preview Only that is on as text sends nothing',
		variants: () => ({ true: true, "'true'": 'true', "'TRUE' by an expression": "={{ 'TRUE' }}" }),
		options: (_c, preview) => ({ preview }),
		expected: () => ({ status: 'preview', attempts: 0, runs: true }),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows({
		name: 'an address in the credential that must not be used is refused before a secret is sent',
		variants: (
			_column,
			{ address: { label } },
		): Record<string, [(standIn: { url: string }) => string, string]> => ({
			'plain http to another machine': [
				() => 'http://api.example.com',
				`'${label}' does not start with https://`,
			],
			'plain http to a host that only begins like this machine': [
				() => 'http://127.0.0.1.example.com',
				`'${label}' does not start with https://`,
			],
			'user and password': [
				({ url }) => url.replace('://', '://user:example-hidden@'),
				`'${label}' holds a user name or a password`,
			],
			'another scheme': [() => 'ftp://127.0.0.1', `'${label}' does not start with https://`],
			'no address': [() => 'https://', `'${label}' is not a URL`],
			blank: [() => '  ', `'${label}' is empty`],
		}),
		arrange(c, [address]) {
			c.credentials[c.profile.address.field] = address(c.standIn);
			c.secrets.push('example-hidden');
		},
		expected: (_c, [, error]) => ({
			failure: 'credentials',
			error,
			attempts: undefined,
			runs: true,
		}),
	}),
	rows({
		name: 'an account id in the credential cannot change the path',
		variants: () => ({ dots: '..', blank: ' ', 'no value': 'undefined' }),
		arrange(c, id) {
			c.credentials[c.profile.account.field] = id;
		},
		expected: (c) => ({
			failure: 'credentials',
			error: expect.stringContaining(`'${c.profile.account.label}'`),
			attempts: undefined,
			runs: true,
		}),
	}),
	rows({
		name: 'an address is taken as people paste it: only its origin counts',
		variants: () => ({
			'with a path': '/api/v1/',
			'with a query': '/?a=b#c',
			'with blanks around it': '  ',
		}),
		arrange(c, rest) {
			const { field } = c.profile.address;
			c.credentials[field] = ` ${c.standIn.url}${rest}`;
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		name: 'a credential that is not there fails the item in a sentence that names it',
		credentials: {},
		expected: (c) => ({
			failure: 'credentials',
			error: `No ${c.profile.credentialName} credential is selected for ${c.profile.displayName}`,
			attempts: undefined,
			runs: true,
		}),
	}),
];
