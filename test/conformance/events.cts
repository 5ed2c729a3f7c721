import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { Case } from './case.cts';
import type { Ending } from './types.cts';

/** Events as items bring them: changed, doubled, or beside the fields of a person who maps. */

/** An event with other fields, in the part that holds its words. */
const withFields = (
	event: IDataObject,
	{ within }: Ending,
	change: (fields: IDataObject) => IDataObject,
): IDataObject =>
	within ? { ...event, [within]: change(event[within] as IDataObject) } : change(event);

/** The event about the first call, or about a stream, changed; an empty word takes the field out. */
export const eventOf = (c: Case, ending: Ending, of: { id: string } = c.call): IDataObject =>
	withFields(c.event(ending.kind, of), ending, (fields) =>
		Object.fromEntries(
			Object.entries({ ...fields, ...ending.says }).filter(([name]) => ending.says?.[name] !== ''),
		),
	);

/** The same event with other words. */
export const saying = (ending: Ending, change: (word: string) => string): Ending => ({
	...ending,
	says: Object.fromEntries(
		Object.entries(ending.says ?? {}).map(([name, word]) => [name, change(word)]),
	),
});

/** The same event with something else in place of its words. */
export const given = (
	c: Case,
	ending: Ending,
	change: (word: string) => unknown,
	of?: { id: string },
): IDataObject =>
	withFields(eventOf(c, ending, of), ending, (fields) => ({
		...fields,
		...(Object.fromEntries(
			Object.entries(ending.says ?? {}).flatMap(([name, word]) =>
				word === '' ? [] : [[name, change(word)]],
			),
		) as IDataObject),
	}));

/** The same event with one text in place of another, wherever it stands. */
export const renamed = (event: IDataObject, from: string, to: string): IDataObject =>
	JSON.parse(JSON.stringify(event).replaceAll(from, to)) as IDataObject;

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

/** The ids from the event. */
export const fromEvent = (c: Case): INodeParameters => ({ source: 'event', ...c.document() });

/** Beside the fields of a person who maps, as most do. */
export const besideFields = (c: Case, event: IDataObject) => {
	c.items = [{ ...c.fields(c.target), ...event }];
};
