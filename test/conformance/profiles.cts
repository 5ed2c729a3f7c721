import type { Engine } from '../lib/nodeRun.cts';
import type { RunningStandIn } from '../lib/stops.cts';
import { plivo } from './plivo.cts';
import { signalWire } from './signalWire.cts';
import { conformance, type Choice } from './suite.cts';
import type { Profile } from './types.cts';
import { vobiz } from './vobiz.cts';

/** The table of one provider, whose own type of stand-in only its rows know. */
interface ProviderTable {
	provider: string;
	run: (engine: Engine, choice?: Choice) => void;
}

const tableOf = <S extends RunningStandIn>(profile: Profile<S>): ProviderTable => ({
	provider: profile.provider,
	run: (engine, choice) => conformance(engine, profile, choice),
});

/** The table's parts. A further provider is its profile, and its place in this list. */
export const tables: readonly ProviderTable[] = [
	tableOf(plivo),
	tableOf(signalWire),
	tableOf(vobiz),
];
