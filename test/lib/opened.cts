import { startStandIn } from './stand-ins/index.cts';

/** Something to be closed. */
interface Closable {
	close(): Promise<unknown>;
}

const open: Closable[] = [];

afterEach(async () => {
	await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Hands back what was opened, and closes it at the end of the test. */
export function opened<One extends Closable>(one: One): One {
	open.push(one);
	return one;
}

/** Starts a stand-in, and closes it at the end of the test. */
export const start: typeof startStandIn = async (...args: Parameters<typeof startStandIn>) =>
	opened(await startStandIn(...args));
