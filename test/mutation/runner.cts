// Judges mutants in one process that stays. Stryker's runner for Jest loads everything anew for each mutant and runs
// every test that reaches it, which takes minutes with thousands of rows. Here a mutant is switched on in what is
// loaded, and its first failed test is the last that runs; the tests that noticed the mutants before come first.

import { createRequire } from 'node:module';
import path from 'node:path';
import { jestExpect } from '@jest/expect';
import { ModernFakeTimers } from '@jest/fake-timers';
import type { Circus } from '@jest/types';
import { afterEach, beforeEach, describe, getState, it, resetState, test } from 'jest-circus';
import { ModuleMocker } from 'jest-mock';
import { messageOf } from '../lib/processes.cts';
import { providers } from '../lib/stand-ins/index.cts';

/** Longer than any judge takes, in ms; a mutant that keeps one from ending is noticed. */
const LIMIT_MS = 10_000;
const { setTimeout, clearTimeout } = globalThis;

// Nobody reads a stack here, and each `expect` takes one.
Error.stackTraceLimit = 0;

/** Stryker's own names, as the instrumented sources have them. */
interface Instrumented {
	activeMutant?: string;
	currentTestId?: string;
	hitCount: number;
	hitLimit: number;
	mutantCoverage?: object;
}
const instrumented: Instrumented = { hitCount: 0, hitLimit: Infinity };

/** What of Stryker's options for a run counts here. */
interface MutantRun {
	activeMutant: { id: string; fileName: string };
	/** The ids of the tests that reach the mutant; none, if it is a constant of a module. */
	testFilter?: string[];
	hitLimit?: number;
	mutantActivation: 'runtime' | 'static';
	reloadEnvironment: boolean;
}

const fakeTimers = new ModernFakeTimers({
	global: globalThis,
	config: { fakeTimers: {} } as ConstructorParameters<typeof ModernFakeTimers>[0]['config'],
});
const mocker = new ModuleMocker(globalThis);

/** What tests use of Jest. */
const jest = {
	fn: mocker.fn.bind(mocker),
	spyOn: mocker.spyOn.bind(mocker),
	restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
	useFakeTimers: fakeTimers.useFakeTimers.bind(fakeTimers),
	useRealTimers: fakeTimers.useRealTimers.bind(fakeTimers),
	setSystemTime: fakeTimers.setSystemTime.bind(fakeTimers),
	getTimerCount: fakeTimers.getTimerCount.bind(fakeTimers),
	advanceTimersByTime: fakeTimers.advanceTimersByTime.bind(fakeTimers),
	advanceTimersByTimeAsync: fakeTimers.advanceTimersByTimeAsync.bind(fakeTimers),
};
Object.assign(globalThis, {
	__stryker__: instrumented,
	...{ afterEach, beforeEach, describe, it, jest, test },
	expect: jestExpect,
});

/** What a test left behind to fail later. */
let stray: unknown;
for (const event of ['uncaughtException', 'unhandledRejection']) {
	process.on(event, (reason: unknown) => (stray ??= reason));
}

interface Test {
	/** Its place among all: the same after each load. */
	id: string;
	name: string;
	/** Its own part of the name. */
	title: string;
	run: () => Promise<void>;
}

/** The tests of a block and of the blocks in it. */
function testsIn(
	block: Circus.DescribeBlock,
	outer: Circus.DescribeBlock[] = [],
): Array<Omit<Test, 'id'>> {
	const blocks = [...outer, block];
	const hooks = blocks.flatMap(({ hooks }) => hooks);
	const wrong = hooks.find(({ type }) => type === 'beforeAll' || type === 'afterAll');
	if (wrong) throw new Error(`'${block.name}' has a hook that this runner does not run`);
	const call = async (fn: unknown) => {
		await (fn as () => unknown)();
	};
	return block.children.flatMap((child) => {
		if (child.type === 'describeBlock') return testsIn(child, blocks);
		const name = [...blocks.slice(1), child].map((one) => one.name).join(' › ');
		const run = async () => {
			try {
				for (const { type, fn } of hooks) if (type === 'beforeEach') await call(fn);
				await call(child.fn);
			} finally {
				for (const { type, fn } of [...hooks].reverse()) if (type === 'afterEach') await call(fn);
			}
		};
		return [{ name, title: child.name, run }];
	});
}

const isUnit = ({ name }: Test) => name.startsWith('test/unit/');

/** The tests: unit tests, which are quick, then each scenario once, in a column by chance, and so on. */
function mixed(tests: readonly Test[]): Test[] {
	const byTitle = new Map<string, Test[]>();
	for (const test of tests) byTitle.set(test.title, [...(byTitle.get(test.title) ?? []), test]);
	return [...byTitle.values()]
		.flatMap((same, n) =>
			same.map((test, i) => ({ test, round: isUnit(test) ? -1 : (i + n) % same.length })),
		)
		.sort((one, other) => one.round - other.round)
		.map(({ test }) => test);
}

/**
 * The tests that judge a constant of a module, which all of them reach; of a provider's file, all but the columns of
 * other providers. One that only those would notice counts as missed.
 */
function judgesOf(file: string, tests: readonly Test[]): Test[] {
	const provider = providers.find((one) => file.endsWith(`/providers/${one}.ts`));
	const others = (provider ? providers : [])
		.filter((one) => one !== provider)
		.map((one) => ` › ${one.toLowerCase()} `);
	const isOther = ({ name }: Test) => others.some((column) => name.toLowerCase().includes(column));
	return mixed(tests.filter((test) => !isOther(test)));
}

export class Runner {
	private tests: Test[] = [];

	/** The ids of the tests that noticed a mutant, the last one first. */
	private killers: string[] = [];

	capabilities() {
		return { reloadEnvironment: true };
	}

	/** Loads before Stryker counts a mutant's time: a process that begins anew would be late for its first. */
	init() {
		this.load();
	}

	async dryRun() {
		const tests = [];
		for (const test of this.tests) {
			const { id, name } = test;
			instrumented.currentTestId = id;
			const began = performance.now();
			const failure = await this.failureOf(test);
			const timeSpentMs = performance.now() - began;
			const common = { id, name, timeSpentMs };
			tests.push(
				failure === undefined
					? { ...common, status: 0 }
					: { ...common, status: 1, failureMessage: failure.message },
			);
		}
		delete instrumented.currentTestId;
		return { status: 'complete', tests, mutantCoverage: instrumented.mutantCoverage };
	}

	async mutantRun(run: MutantRun) {
		const { hitLimit = Infinity, mutantActivation } = run;
		const { id } = run.activeMutant;
		instrumented.hitCount = 0;
		instrumented.activeMutant = mutantActivation === 'static' ? id : undefined;
		// A constant gets its value when its module is loaded. Stryker asks for no load before the first mutant of a
		// process, but this runner has loaded the modules by then, so it must load them again.
		const isStale = run.reloadEnvironment || mutantActivation === 'static';
		if (isStale || this.tests.length === 0) {
			try {
				this.load();
			} catch (thrown) {
				return { status: 'error', errorMessage: messageOf(thrown) };
			}
		}
		Object.assign(instrumented, { activeMutant: id, hitLimit, hitCount: 0 });
		let nrOfTests = 0;
		for (const test of this.inOrder(run)) {
			nrOfTests += 1;
			const failure = await this.failureOf(test);
			if (failure === undefined) continue;
			this.killers = [test.id, ...this.killers.filter((other) => other !== test.id)];
			const isEndless = instrumented.hitCount > hitLimit;
			if (failure.isTimeout) this.tests = [];
			if (isEndless || failure.isTimeout) return { status: 'timeout', reason: failure.message };
			return { status: 'killed', killedBy: [test.id], failureMessage: failure.message, nrOfTests };
		}
		return { status: 'survived', nrOfTests };
	}

	/** Loads the judges, and with them the sources as they are with the mutant that is active. */
	private load() {
		resetState();
		this.tests = [];
		// A new one each time: it holds on to whatever it has ever loaded.
		const load = createRequire(__filename);
		const root = process.cwd() + path.sep;
		for (const file of Object.keys(load.cache)) {
			// The stand-ins do not know the node, and take long to load. `processes` waits for the end of the process,
			// and what waits for it holds on to all that was loaded with it.
			const stays = /\/(node_modules|stand-ins)\/|\/processes\.cts$/.test(file);
			if (file.startsWith(root) && !stays) Reflect.deleteProperty(load.cache, file);
		}
		const judges = JSON.parse(process.env.MUTATION_TESTS ?? '[]') as string[];
		for (const judge of judges) {
			describe(judge, () => {
				load(path.join(root, judge));
			});
		}
		this.tests = testsIn(getState().rootDescribeBlock).map((test, n) => ({
			...test,
			id: String(n),
		}));
	}

	/** A mutant's judges, those first that noticed one before. */
	private inOrder({ testFilter, activeMutant }: MutantRun): Test[] {
		const judges = testFilter
			? mixed(testFilter.map((id) => this.testOf(id)))
			: judgesOf(activeMutant.fileName, this.tests);
		const rank = new Map(this.killers.map((id, n) => [id, n]));
		const rankOf = ({ id }: Test) => rank.get(id) ?? rank.size;
		return judges.sort((one, other) => rankOf(one) - rankOf(other));
	}

	/** The test of this id; a missing one would count as passed. */
	private testOf(id: string): Test {
		const test = this.tests[Number(id)];
		if (test === undefined) throw new Error(`Test ${id} is missing after a load.`);
		return test;
	}

	/** Runs one test; gives back why it failed, where it did. */
	private async failureOf(
		test: Test,
	): Promise<{ message: string; isTimeout: boolean } | undefined> {
		stray = undefined;
		let timer: NodeJS.Timeout | undefined;
		const late = Symbol('late');
		const limit = new Promise<symbol>((resolve) => {
			timer = setTimeout(() => resolve(late), LIMIT_MS);
		});
		try {
			const end = await Promise.race([test.run(), limit]);
			if (end === late) return { message: `took more than ${LIMIT_MS} ms`, isTimeout: true };
		} catch (thrown) {
			return { message: messageOf(thrown), isTimeout: false };
		} finally {
			clearTimeout(timer);
			fakeTimers.useRealTimers();
		}
		return stray === undefined ? undefined : { message: messageOf(stray), isTimeout: false };
	}
}
