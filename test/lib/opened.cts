import { startStandIn } from './stand-ins/index.cts';
import type { ProviderStandIn } from './stops.cts';

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
export async function start(
	provider: string,
	options?: Parameters<typeof startStandIn>[1],
): Promise<ProviderStandIn> {
	return opened(await startStandIn(provider, options));
}
