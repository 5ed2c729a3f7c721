import { createServer, type RequestListener } from 'node:http';
import { listenOn, type Listening } from './listenOn.cts';
import {
	startStandIn,
	type Options,
	type PlivoStandIn,
	type SignalWireStandIn,
	type VobizStandIn,
} from './stand-ins/index.cts';
import type { RunningStandIn } from './lives.cts';

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
export function start(provider: 'plivo', options?: Partial<Options>): Promise<PlivoStandIn>;
export function start(
	provider: 'signalWire',
	options?: Partial<Options>,
): Promise<SignalWireStandIn>;
export function start(provider: 'vobiz', options?: Partial<Options>): Promise<VobizStandIn>;
export function start(
	provider: 'plivo' | 'vobiz',
	options?: Partial<Options>,
): Promise<PlivoStandIn | VobizStandIn>;
export function start(provider: string, options?: Partial<Options>): Promise<RunningStandIn>;
export async function start(provider: string, options?: Partial<Options>): Promise<RunningStandIn> {
	return opened(await startStandIn(provider, options));
}

/** Another machine, as it were, until the end of the test. */
export async function listen(listener: RequestListener): Promise<Listening> {
	return opened(await listenOn(createServer(listener)));
}
