import { plivo, type PlivoExposed } from './plivo.cts';
import { signalWire, type SignalWireExposed } from './signalwire.cts';
import { StandIn, type Exposed, type Options, type Provider } from './stand-in.cts';
import { vobiz, type VobizExposed } from './vobiz.cts';

export { forkStandIn, type ForkedStandIn } from './fork.cts';
export { formsOf, secretsIn, type SecretForm } from './secrets.cts';
export { StandIn } from './stand-in.cts';
export type { Call, Conference, Stream, StreamDetails, CallDetails } from './calls.cts';
export type {
	Answer,
	DialOptions,
	EventPayload,
	Exposed,
	Fault,
	LoggedRequest,
	Options,
	Provider,
	SignedEvent,
} from './stand-in.cts';

export type PlivoStandIn = StandIn & PlivoExposed;
export type SignalWireStandIn = StandIn & SignalWireExposed;
export type VobizStandIn = StandIn & VobizExposed;
export type AnyStandIn = PlivoStandIn | SignalWireStandIn | VobizStandIn;

/** A further provider is one more file, and its place in this list, under the node's name of it. */
const all = { plivo, signalWire, vobiz };
export type ProviderName = keyof typeof all;

/** The providers that there are stand-ins of, by the node's values. */
export const providers = Object.keys(all) as readonly ProviderName[];

/**
 * Starts a stand-in of a provider on a free loopback port.
 * @param provider the node's value: 'plivo', 'signalWire' or 'vobiz'
 */
export function startStandIn(provider: 'plivo', options?: Partial<Options>): Promise<PlivoStandIn>;
export function startStandIn(
	provider: 'signalWire',
	options?: Partial<Options>,
): Promise<SignalWireStandIn>;
export function startStandIn(provider: 'vobiz', options?: Partial<Options>): Promise<VobizStandIn>;
export function startStandIn(
	provider: string,
	options?: Partial<Options>,
): Promise<StandIn & Exposed>;
export async function startStandIn(
	provider: string,
	options?: Partial<Options>,
): Promise<StandIn & Exposed> {
	const standIns: readonly Provider[] = Object.values(all);
	const found = standIns.find(({ name }) => name.toLowerCase() === provider.toLowerCase());
	if (!found) throw new Error(`There is no stand-in of '${provider}'`);
	return await StandIn.start(found, options);
}
