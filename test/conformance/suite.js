'use strict';

const { loadPackage } = require('../support/engine');
const { Case } = require('./case');
const { Table } = require('./table');

const scenarios = [
	...require('./scenarios/stops'),
	...require('./scenarios/answers'),
	...require('./scenarios/network'),
	...require('./scenarios/input'),
	...require('./scenarios/options'),
	...require('./scenarios/confirm'),
	...require('./scenarios/failures'),
];

/**
 * What the documents of one provider say, for its stand-in to play and the node to match.
 * @typedef {object} Profile
 * @property {string} provider the node's value
 * @property {string} displayName
 * @property {string} credentialName as the screen shows it
 * @property {{ field: string, label: string }} address where the provider is, in the credential
 * @property {{ field: string, label: string }} account
 * @property {string} token the credential's field that holds the secret
 * @property {(options?: object) => Promise<object>} start starts a stand-in
 * @property {Record<string, (message: string) => object>} own its own forms of a refusal
 * @property {string[]} suspects what a refused credential asks to check
 * @property {Way[]} ways
 * @property {Record<string, string>} cannot capability → why it has none: `stopAll`, `confirm`, `scopes`,
 *   `byDocument`, `oneStream`, `strictStream`, `repeat`
 * @property {Scenario[]} scenarios rows about this provider alone
 * @property {string} [folder] where the package is, when it is not this one
 *
 * One way to say what is to stop.
 * @typedef {object} Way
 * @property {string} title
 * @property {object} parameters the node's choices that make it this way
 * @property {string} [streamBy] the choice among several ways to name one stream
 * @property {object} [standIn] options of the stand-in
 * @property {{ call: string, stream?: string }} labels as the screen shows them
 * @property {string} event the provider's event that names what is to stop
 * @property {Function} request (standIn, target, case) → `{method, path, body}` that must arrive
 * @property {Function} [read] (standIn, target) → the path of what Confirm Stop reads
 * @property {Function} [running] (target) → the answer to such a read, for a stream that has not ended
 * @property {Function} [fields] (case, target) → the values that a person fills in; call and stream id without it
 * @property {Function} [details] (text) → details of a stream that is named by this text; its id without it
 * @property {Record<string, object>} says situation → outcome
 * @property {Record<string, object>} answers outcome → an answer that means it
 * @property {Record<string, Function>} [own] as the profile's, where this way differs
 * @property {boolean} [byDocument] a document, which the provider fetches later, stops the stream
 * @property {Record<string, string>} [cannot] as the profile's
 *
 * One row of the table. Functions get the {@link Case} and the variant.
 * @typedef {object} Scenario
 * @property {string} name a sentence about behaviour
 * @property {string[]} [needs] what a way must be able to do
 * @property {string} [lacks] only for ways that cannot do this
 * @property {(way: Way) => boolean} [ways] only for these ways
 * @property {(way: Way, profile: Profile) => Record<string, unknown>} [variants] label → variant
 * @property {Function} [arrange] prepares stand-in and case
 * @property {object | Function} [options] the node's options
 * @property {object | Function} [parameters] further parameters of the node
 * @property {object} [credentials] instead of the provider's
 * @property {object} [node] settings of the node; without them it continues with its regular output
 * @property {string} [type] the node's type, when not its usual one
 * @property {Function} [expected] one expectation, or a list with one for each item: fields of the output
 *   (`undefined`: not there), and the stand-in's own truth: `runs` and, where the stop changes it, `callUp`
 * @property {Function} [check] looks at what else matters
 * @property {boolean} [unreached] no request can reach the stand-in
 * @property {boolean} [slow] waits most of its time, and so runs beside the others
 */

const table = new Table();
let isFirst = true;

/** Runs every row for one provider, in the real engine against its stand-in. @param {Profile} profile */
function conformance(profile) {
	if (isFirst) {
		isFirst = false;
		afterAll(() => table.print());
	}
	const columns = profile.ways.map((way) => ({ way, rows: rowsOf(profile, way) }));

	// Begun first and looked at last, what waits costs its time once, and beside everything else.
	const early = new Map();
	beforeAll(() => {
		for (const { way, rows } of columns) {
			for (const row of rows.filter(({ scenario }) => scenario.slow)) {
				const running = runRow(profile, way, row);
				// Looked at in its own test.
				running.catch(() => {});
				early.set(row, running);
			}
		}
	});

	describe(profile.displayName, () => {
		test('the profile declares what the node offers for this provider', async () => {
			expect(await offered(profile)).toEqual(declared(profile));
		});

		for (const isSlow of [false, true]) {
			describe.each(columns.map((column) => [column.way.title, column]))('%s', (title, column) => {
				const rows = column.rows.filter(({ scenario }) => Boolean(scenario.slow) === isSlow);
				if (rows.length === 0) return;
				test.each(rows.map((row) => [row.title, row]))('%s', async (_title, row) => {
					const note = (outcome) =>
						table.add(row.scenario.name, row.label, profile.displayName, title, outcome);
					try {
						note(await (early.get(row) ?? runRow(profile, column.way, row)));
					} catch (reason) {
						note('FAILS');
						throw reason;
					}
				});
			});
		}
	});
}

/** The rows for one way; what it cannot do is left out, and the table says so and why. */
function rowsOf(profile, way) {
	const cannot = { ...profile.cannot, ...way.cannot };
	const rows = [];
	for (const scenario of [...scenarios, ...profile.scenarios]) {
		if (scenario.ways && !scenario.ways(way)) continue;
		if (scenario.lacks && !cannot[scenario.lacks]) continue;
		const missing = scenario.needs?.find((need) => cannot[need]);
		if (missing) {
			table.leaveOut(scenario.name, profile.displayName, way.title, cannot[missing]);
			continue;
		}
		const variants = scenario.variants?.(way, profile) ?? { '': undefined };
		for (const [label, variant] of Object.entries(variants)) {
			const title = label ? `${scenario.name}: ${label}` : scenario.name;
			rows.push({ title, label, scenario, variant });
		}
	}
	return rows;
}

/** @returns {Promise<string>} the outcome, as the table shows it */
async function runRow(profile, way, { scenario, variant }) {
	const c = new Case(profile, way, scenario, variant);
	try {
		await c.start();
		await scenario.arrange?.(c, variant);
		c.callsUp = c.targets.map(({ call }) => call.up);
		const run = await c.run();
		await c.judge(run);
		await scenario.check?.(c, variant, run);
		return c.outcome(run);
	} finally {
		await c.close();
	}
}

/** What the node's screen offers for a provider. */
async function offered({ provider, folder }) {
	const { node } = await loadPackage(folder);
	const { properties } = node.description;
	const isShown = ({ displayOptions: { show = {} } = {} }, name) =>
		!show[name] || show[name].includes(provider);
	const named = (name) => properties.filter((one) => one.name === name);
	const [operation] = named('operation');
	const [options] = named('options');
	const streamBy = named('streamBy').find((one) => isShown(one, 'provider'));
	const confirm = options.options.find(({ name }) => name === 'confirm');
	return {
		operations: operation.options.flatMap((one) => (isShown(one, 'provider') ? one.value : [])),
		streamBy: streamBy?.options.map(({ value }) => value) ?? [],
		confirm: isShown(confirm, '/provider'),
	};
}

function declared({ ways, cannot }) {
	return {
		operations: [...new Set(ways.map(({ parameters }) => parameters.operation))],
		streamBy: ways.flatMap(({ streamBy }) => streamBy ?? []),
		confirm: !cannot.confirm,
	};
}

module.exports = { conformance };
