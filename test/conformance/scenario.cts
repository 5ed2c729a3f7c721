import type { INodeParameters } from 'n8n-workflow';
import type { RunningStandIn } from '../lib/stops.cts';
import type { CredentialsData, NodeOutput, NodeRun } from '../lib/nodeRun.cts';
import type { Case } from './case.cts';
import type { Capability, Column, Expected, Profile } from './types.cts';

type Maybe<T> = T | Promise<T>;
type Value<Variant, S extends RunningStandIn> =
	INodeParameters | ((c: Case<S>, variant: Variant) => INodeParameters);

/** What holds for a scenario whichever variant runs. */
export interface Settings {
	/** A sentence about behaviour. */
	name: string;
	/** What a column must be able to do. */
	needs?: readonly Capability[];
	/** Only for columns that cannot do this. */
	lacks?: Capability;
	/** Instead of the provider's credential. */
	credentials?: CredentialsData;
	/** Settings of the node; without them it continues with its regular output. */
	node?: NodeRun['node'];
	/** The node's type, when not its usual one. */
	type?: string;
	/** No request can reach the stand-in. */
	unreached?: boolean;
	/** Waits most of its time, and so runs beside the others. */
	slow?: boolean;
}

/** What a check looks at, beside the case. */
export interface Found<Variant, Made> {
	run: NodeOutput;
	variant: Variant;
	/** What `arrange` gave back. */
	made: Made;
}

/** One scenario: settings, and what to do and to expect. Functions get the {@link Case} and the variant. */
export interface Scenario<Variant, Made, S extends RunningStandIn> extends Settings {
	/** Only for these columns. */
	columns?(column: Column<S>): boolean;
	/** The node's options. */
	options?: Value<Variant, S>;
	/** Further parameters of the node. */
	parameters?: Value<Variant, S>;
	/** Prepares stand-in and case; what it gives back goes to `expected` and `check`. */
	arrange?(c: Case<S>, variant: Variant): Maybe<Made>;
	/** One expectation, or a list with one for each item. */
	expected?(c: Case<S>, variant: Variant, made: Made): Expected | Expected[];
	/** Looks at what else matters. */
	check?(c: Case<S>, found: Found<Variant, Made>): Maybe<void>;
}

/** A scenario with one of its variants. */
export interface Bound<S extends RunningStandIn = RunningStandIn> {
	/** The variant's name; empty where there is one only. */
	label: string;
	title: string;
	settings: Settings;
	options(c: Case<S>): INodeParameters;
	parameters(c: Case<S>): INodeParameters;
	/** Prepares the case, and says what to expect and to check once the node has run. */
	arrange(c: Case<S>): Promise<{
		expected(): Expected[];
		check(run: NodeOutput): Promise<void>;
	}>;
}

/** A scenario, whatever its variants are. */
export interface Row<S extends RunningStandIn = RunningStandIn> extends Settings {
	isFor(column: Column<S>): boolean;
	bind(column: Column<S>, profile: Profile<S>): Array<Bound<S>>;
}

/** What makes the rows of a provider whose stand-in has more to it than all have. */
export function scenariosFor<S extends RunningStandIn>() {
	/** A scenario with variants, each under its label. */
	const rows = <Variant, Made = void>(
		scenario: Scenario<Variant, Made, S> & {
			variants(column: Column<S>, profile: Profile<S>): Readonly<Record<string, Variant>>;
		},
	): Row<S> => ({
		...scenario,
		isFor: (column) => scenario.columns?.(column) ?? true,
		bind: (column, profile) =>
			Object.entries(scenario.variants(column, profile)).map(([label, variant]) => {
				const valueOf = (value: Value<Variant, S> | undefined, c: Case<S>) =>
					typeof value === 'function' ? value(c, variant) : (value ?? {});
				return {
					label,
					title: label ? `${scenario.name}: ${label}` : scenario.name,
					settings: scenario,
					options: (c) => valueOf(scenario.options, c),
					parameters: (c) => valueOf(scenario.parameters, c),
					arrange: (c) => arranged(scenario, c, variant),
				};
			}),
	});
	/** A scenario without variants. */
	const row = <Made = void,>(scenario: Scenario<undefined, Made, S>): Row<S> =>
		rows({ ...scenario, variants: () => ({ '': undefined }) });
	return { row, rows };
}

export const { row, rows } = scenariosFor<RunningStandIn>();

/** Variants under their titles. */
export const titled = <Variant,>(
	variants: readonly Variant[],
	titleOf: (variant: Variant) => string = String,
): Record<string, Variant> =>
	Object.fromEntries(variants.map((variant) => [titleOf(variant), variant]));

async function arranged<Variant, Made, S extends RunningStandIn>(
	scenario: Scenario<Variant, Made, S>,
	c: Case<S>,
	variant: Variant,
) {
	// Where nothing is arranged, nothing is made: no scenario without `arrange` asks for it.
	const made = (await scenario.arrange?.(c, variant)) as Made;
	return {
		expected: () => [scenario.expected?.(c, variant, made) ?? []].flat(),
		check: async (run: NodeOutput) => await scenario.check?.(c, { run, variant, made }),
	};
}
