import { pack } from '../package.cts';
import { removeFolder, temporaryFolder } from '../processes.cts';
import { startStandIn } from '../stand-ins/index.cts';
import type { RunningStandIn } from '../stops.cts';
import { installN8n } from './install.cts';
import { startN8n, type RunningN8n } from './server.cts';

/** A real n8n with the packed package, and the stand-ins that its workflows speak to. */
export interface N8nWithStandIns {
	n8n: RunningN8n;
	standIns: RunningStandIn[];
	standInOf: (provider: string) => RunningStandIn;
	/** Ends all of them, the last first. */
	close: () => Promise<void>;
	/** What else is to be ended then. */
	closing: (end: () => unknown) => void;
}

/** Packs the package into a real n8n, with `env` in its environment, beside a stand-in of each of these providers. */
export async function startWithStandIns(
	title: string,
	providers: readonly string[],
	env: NodeJS.ProcessEnv = {},
): Promise<N8nWithStandIns> {
	await installN8n();
	const opened: Array<() => unknown> = [];
	const close = async (): Promise<void> => {
		for (const end of opened.splice(0).reverse()) await end();
	};
	try {
		const folder = temporaryFolder(title);
		opened.push(() => removeFolder(folder));
		const standIns: RunningStandIn[] = [];
		for (const provider of providers) {
			const standIn = await startStandIn(provider);
			opened.push(() => standIn.close());
			standIns.push(standIn);
		}
		const n8n = await startN8n({ tarball: await pack(folder), env });
		opened.push(() => n8n.stop());
		return {
			n8n,
			standIns,
			standInOf: (provider) => {
				const found = standIns.find((one) => one.provider === provider);
				if (!found) throw new Error(`The stand-in of ${provider} has not started.`);
				return found;
			},
			close,
			closing: (end) => opened.push(end),
		};
	} catch (reason) {
		await close();
		throw reason;
	}
}
