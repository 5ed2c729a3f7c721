import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { Case } from './case.cts';
import type { Ending } from './types.cts';

/** Events as items bring them: changed, doubled, or beside the fields of a person who maps. */

/** The event about the first call, changed; an empty word takes the field out. */
export function eventOf(c: Case, { kind, says = {}, within }: Ending, of = c.call): IDataObject {
	const event = c.event(kind, of);
	const part = within ? (event[within] as IDataObject) : event;
	const changed = Object.fromEntries(
		Object.entries({ ...part, ...says }).filter(([name]) => says[name] !== ''),
	);
	return within ? { ...event, [within]: changed } : changed;
}

/** The same event with other words. */
export const saying = (ending: Ending, change: (word: string) => string): Ending => ({
	...ending,
	says: Object.fromEntries(
		Object.entries(ending.says ?? {}).map(([name, word]) => [name, change(word)]),
	),
});

/** The same event with something else in place of its words. */
export const given = (c: Case, ending: Ending, change: (word: string) => unknown): IDataObject => ({
	...eventOf(c, ending),
	...(Object.fromEntries(
		Object.entries(ending.says ?? {}).map(([name, word]) => [name, change(word)]),
	) as IDataObject),
});

/** The first of the provider's words for the end of a call. */
export function firstEnding({ profile }: Case): Ending {
	const [ending] = profile.endings;
	if (ending) return ending;
	throw new Error(`No event of ${profile.displayName} ends a call`);
}

/** The ids from the item's fields, with an event beside them. */
export const fromFields = (c: Case): INodeParameters => ({
	[c.idField]: `={{ $json.${c.idField} }}`,
	...(!c.all && { stream: '={{ $json.stream }}' }),
	...c.document(),
});

/** The ids from the event, and the stream from a field if the event names none. */
export const fromEvent = (c: Case): INodeParameters => ({ source: 'event', ...c.document() });

/** Beside the fields of a person who maps, as most do. */
export const besideFields = (c: Case, event: IDataObject) => {
	c.items = [{ ...c.fields(c.target), ...event }];
};
