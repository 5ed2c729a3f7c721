import type { Case } from './case.cts';
import type { Column, Form, Profile } from './types.cts';

/** The provider's own forms of a refusal, by column if these differ. */
export const ownForms = (column: Column, profile: Profile) => column.own ?? profile.own;

/** The first of them. */
export const firstForm = ({ column, profile }: Case): Form => {
	const [form] = Object.values(ownForms(column, profile));
	if (form) return form;
	throw new Error(`${profile.displayName} has no form of a refusal`);
};
